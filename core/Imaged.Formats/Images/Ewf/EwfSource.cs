using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Ewf;

/// <summary>The disk: chunks of one length. The checksum of each is verified whenever it is read.</summary>
internal sealed class EwfSource : ChunkedSource
{
    private const int ChecksumLength = 4;

    // What zlib may add to data that cannot be compressed, and more.
    private const int MaxOverhead = 65536;

    private readonly EwfMedia _media;
    private readonly EwfTable[] _tables;

    /// <summary>Does not own the files.</summary>
    /// <param name="media">The disk.</param>
    /// <param name="tables">The tables, which have all its chunks.</param>
    /// <param name="cache">For decoded chunks.</param>
    public EwfSource(EwfMedia media, IEnumerable<EwfTable> tables, BlockCache cache)
        : base(cache)
    {
        _media = media;
        _tables = [.. tables.Where(table => table.Count > 0)];
    }

    /// <inheritdoc/>
    public override long Length => _media.Length;

    /// <inheritdoc/>
    public override int SectorSize => _media.SectorLength;

    /// <inheritdoc/>
    protected override Chunk GetChunk(long offset)
    {
        long index = offset / _media.ChunkLength;
        long begin = index * _media.ChunkLength;
        return Chunk.Encoded(index, begin, (int)Math.Min(_media.ChunkLength, Length - begin));
    }

    /// <inheritdoc/>
    protected override void Decode(in Chunk chunk, Span<byte> destination)
    {
        EwfTable table = FindTable(chunk.Index);
        EwfChunk stored = table.GetChunk((int)(chunk.Index - table.FirstChunk));
        if (stored.Kind == EwfChunkKind.Pattern)
        {
            Fill(stored.Offset, destination);
            return;
        }

        if (stored.Offset < 0 || stored.Length <= 0 || stored.Length > table.Segment.Content.Length - stored.Offset
            || stored.Length > _media.ChunkLength + MaxOverhead)
        {
            ThrowDamaged(chunk, table, stored);
        }

        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)stored.Length);
        try
        {
            Span<byte> encoded = buffer.AsSpan(0, (int)stored.Length);
            table.Segment.Content.Read(stored.Offset, encoded);
            bool isGood = stored.Kind == EwfChunkKind.Zlib
                ? TryInflate(encoded, destination)
                : TryCopy(encoded, stored.HasChecksum, destination);
            if (!isGood)
            {
                ThrowDamaged(chunk, table, stored);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static void Fill(long pattern, Span<byte> destination)
    {
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, pattern);
        for (int i = 0; i < destination.Length; i++)
        {
            destination[i] = bytes[i % sizeof(long)];
        }
    }

    private static bool IsChecked(ReadOnlySpan<byte> encoded, int length) =>
        length >= 0 && length <= encoded.Length - ChecksumLength
        && Adler32.Compute(encoded[..length]) == BinaryPrimitives.ReadUInt32LittleEndian(encoded[length..]);

    [DoesNotReturn]
    private static void ThrowDamaged(in Chunk chunk, EwfTable table, in EwfChunk stored) => ImageFormatException.Throw(
        EwfFormat.Info.Id,
        stored.Offset,
        $"chunk {chunk.Index} of '{table.Segment.Name}', bytes {chunk.Offset} to {chunk.Offset + chunk.Length - 1} of "
        + "the disk, is damaged");

    // The last chunk may be stored with all its sectors, with those that the disk has, or with those and a part of one
    // more; other bytes may follow it.
    private bool TryCopy(ReadOnlySpan<byte> encoded, bool hasChecksum, Span<byte> destination)
    {
        if (encoded.Length < destination.Length
            || (hasChecksum && !IsChecked(encoded, destination.Length) && !IsChecked(encoded, _media.ChunkLength)
                && !IsChecked(encoded, encoded.Length - ChecksumLength)))
        {
            return false;
        }

        encoded[..destination.Length].CopyTo(destination);
        return true;
    }

    private bool TryInflate(ReadOnlySpan<byte> encoded, Span<byte> destination)
    {
        if (destination.Length == _media.ChunkLength)
        {
            return ZlibDecoder.Decode(encoded, destination) == destination.Length;
        }

        byte[] whole = ArrayPool<byte>.Shared.Rent(_media.ChunkLength);
        try
        {
            if (ZlibDecoder.Decode(encoded, whole.AsSpan(0, _media.ChunkLength)) < destination.Length)
            {
                return false;
            }

            whole.AsSpan(0, destination.Length).CopyTo(destination);
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(whole);
        }
    }

    // The last table that begins at or before the chunk: all chunks of the disk are in one.
    private EwfTable FindTable(long chunk)
    {
        int low = 0;
        int high = _tables.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_tables[middle].FirstChunk <= chunk)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return _tables[low - 1];
    }
}
