using System.Diagnostics;
using Imaged.Blocks;

namespace Imaged.Formats.Images.Mapping;

/// <summary>Base of disks that are stored in units of one size (clusters, grains, blocks), which a table finds. A
/// format says where the table entry of a unit stands and what an entry means; this class reads the tables through the
/// shared cache, whatever their size, and joins units that follow each other in the file. A wrong entry fails the reads
/// of its own unit only.</summary>
internal abstract class MappedSource : ChunkedSource
{
    // Tables are read in pages of this length: enough for half a gibibyte of common clusters.
    private const int TablePage = 32 << 10;

    // Entries looked at for one chunk. So many units, joined, are longer than any single read.
    private const int LookAhead = 1024;

    // Tables that are looked for in a row when there is none.
    private const int MaxMissing = 64;

    private readonly string _format;
    private readonly BlockSource _file;
    private readonly CachedSource _tables;
    private readonly long _unitLength;
    private readonly int _entryLength;
    private readonly long _unitCount;

    /// <summary>A disk. The file stays its owner's.</summary>
    /// <param name="format">Id of the format, for errors.</param>
    /// <param name="file">Where the tables stand.</param>
    /// <param name="cache">For the tables and what is decoded.</param>
    /// <param name="length">Length of the disk in bytes.</param>
    /// <param name="unitLength">Length of a unit in bytes.</param>
    /// <param name="entryLength">Length of a table entry in bytes, at most 16.</param>
    protected MappedSource(
        string format, BlockSource file, BlockCache cache, long length, long unitLength, int entryLength)
        : base(cache)
    {
        _format = format;
        _file = file;
        _tables = new CachedSource(file, cache, TablePage);
        _unitLength = unitLength;
        _entryLength = entryLength;
        _unitCount = (length / unitLength) + (length % unitLength == 0 ? 0 : 1);
        Length = length;
    }

    /// <inheritdoc/>
    public sealed override long Length { get; }

    /// <summary>The file that holds the tables.</summary>
    protected BlockSource ImageFile => _file;

    /// <summary>Length of a unit in bytes; the last one may be cut off by the end of the disk.</summary>
    protected long UnitLength => _unitLength;

    /// <inheritdoc/>
    protected sealed override Chunk GetChunk(long offset)
    {
        long index = offset / _unitLength;
        EntryRun run = Locate(index);
        if (run.Damage is not null)
        {
            return Run(index, run.Count, Chunk.Verbatim(0, 1, new DamagedSource(_format, run.Offset, run.Damage), 0));
        }

        return run.IsMissing ? FollowMissing(index, run.Count) : FollowEntries(index, offset, run);
    }

    /// <summary>Where the entry of a unit stands, and how many more follow it in the same table.</summary>
    protected abstract EntryRun Locate(long index);

    /// <summary>What an entry says about the byte <see cref="TableEntry.Wanted"/>: a chunk that holds it and does not
    /// leave the unit. Never throws for what the entry says; see <see cref="Damaged"/>.</summary>
    protected abstract Chunk Describe(in TableEntry entry);

    /// <summary>Reads a part of a table through the cache.</summary>
    /// <returns>False when it is not inside the file.</returns>
    protected bool TryReadTable(ulong offset, Span<byte> destination)
    {
        if (offset > (ulong)_file.Length || (ulong)destination.Length > (ulong)_file.Length - offset)
        {
            return false;
        }

        _tables.Read((long)offset, destination);
        return true;
    }

    /// <summary>The chunk of a unit that has to be decoded.</summary>
    protected Chunk Encoded(in TableEntry entry) =>
        Chunk.Encoded(entry.Index, entry.Index * _unitLength, (int)LengthOf(entry.Index));

    /// <summary>The chunk of a unit that is zero.</summary>
    protected Chunk Zero(in TableEntry entry) => Chunk.Zero(entry.Index * _unitLength, LengthOf(entry.Index));

    /// <summary>The chunk of a unit that is not stored.</summary>
    protected Chunk Unallocated(in TableEntry entry) =>
        Chunk.Unallocated(entry.Index * _unitLength, LengthOf(entry.Index));

    /// <summary>The chunk of a unit that cannot be found.</summary>
    protected Chunk Damaged(in TableEntry entry, string message) => Chunk.Verbatim(
        entry.Index * _unitLength, LengthOf(entry.Index), new DamagedSource(_format, entry.At, message), 0);

    /// <summary>The chunk of a unit that stands in a file as it is.</summary>
    /// <param name="entry">Its entry.</param>
    /// <param name="store">The file.</param>
    /// <param name="storedOffset">Byte offset of the unit in it.</param>
    protected Chunk Stored(in TableEntry entry, BlockSource store, ulong storedOffset) =>
        Stored(entry, entry.Index * _unitLength, LengthOf(entry.Index), store, storedOffset);

    /// <summary>The chunk of a part of a unit that stands in a file as it is. What the end of the file cuts off is
    /// zero, as writers leave the rest of the last unit away; a unit that begins behind the end is damage.</summary>
    /// <param name="entry">The unit's entry.</param>
    /// <param name="offset">Byte offset of the part in the disk.</param>
    /// <param name="length">Length of the part in bytes.</param>
    /// <param name="store">The file.</param>
    /// <param name="storedOffset">Byte offset of the part in it.</param>
    protected Chunk Stored(in TableEntry entry, long offset, long length, BlockSource store, ulong storedOffset)
    {
        if (storedOffset >= (ulong)store.Length)
        {
            string message = $"what is stored at {storedOffset} lies behind the end of a file of {store.Length} bytes";
            return Chunk.Verbatim(offset, length, new DamagedSource(_format, entry.At, message), 0);
        }

        long available = store.Length - (long)storedOffset;
        if (available >= length)
        {
            return Chunk.Verbatim(offset, length, store, (long)storedOffset);
        }

        return entry.Wanted < offset + available
            ? Chunk.Verbatim(offset, available, store, (long)storedOffset)
            : Chunk.Zero(offset + available, length - available);
    }

    /// <summary>Length of a unit in bytes, as far as it is in the disk.</summary>
    protected long LengthOf(long index) => Math.Min(_unitLength, Length - (index * _unitLength));

    /// <inheritdoc/>
    protected override void Decode(in Chunk chunk, Span<byte> destination) =>
        throw new UnreachableException("a format whose units are encoded decodes them");

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _tables.Dispose();
    }

    private static bool Continues(in Chunk chunk, in Chunk next) =>
        chunk.Kind == next.Kind
        && chunk.Offset + chunk.Length == next.Offset
        && (chunk.Kind != ChunkKind.Verbatim
            || (chunk.Stored == next.Stored && chunk.StoredOffset + chunk.Length == next.StoredOffset));

    private Chunk FollowMissing(long index, long count)
    {
        for (int i = 0; i < MaxMissing && count < _unitCount - index; i++)
        {
            EntryRun next = Locate(index + count);
            if (!next.IsMissing)
            {
                break;
            }

            count += next.Count;
        }

        return Run(index, count, Chunk.Unallocated(0, 1));
    }

    private Chunk FollowEntries(long index, long offset, EntryRun run)
    {
        long last = Math.Min(run.Count, _unitCount - index);
        int count = (int)Math.Min(last, LookAhead / _entryLength);
        Span<byte> entries = stackalloc byte[LookAhead];
        entries = entries[..(count * _entryLength)];
        if (!TryReadTable(run.Offset, entries))
        {
            // The end of the file may cut a table off; what is asked for is perhaps still there.
            count = 1;
            entries = entries[.._entryLength];
            if (!TryReadTable(run.Offset, entries))
            {
                string message = $"the table is not inside the file of {_file.Length} bytes";
                return Run(index, 1, Chunk.Verbatim(0, 1, new DamagedSource(_format, run.Offset, message), 0));
            }
        }

        Chunk chunk = Describe(new(index, offset, run.Offset, entries[.._entryLength]));
        for (int i = 1; i < count && chunk.Kind != ChunkKind.Encoded; i++)
        {
            ReadOnlySpan<byte> raw = entries.Slice(i * _entryLength, _entryLength);
            ulong at = run.Offset + (ulong)(i * _entryLength);
            Chunk next = Describe(new(index + i, (index + i) * _unitLength, at, raw));
            if (!Continues(chunk, next))
            {
                break;
            }

            chunk = chunk with { Length = chunk.Length + next.Length };
        }

        return chunk;
    }

    // A chunk of so many whole units.
    private Chunk Run(long index, long count, Chunk chunk)
    {
        long end = count >= _unitCount - index ? Length : (index + count) * _unitLength;
        return chunk with { Offset = index * _unitLength, Length = end - (index * _unitLength) };
    }
}
