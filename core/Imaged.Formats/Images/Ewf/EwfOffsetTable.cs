using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Ewf;

/// <summary>A table of version 1: offsets of 31 bits, and a bit for what is compressed. A chunk goes as far as the next
/// one begins.</summary>
internal sealed class EwfOffsetTable : EwfTable
{
    private const int HeaderLength = 24;
    private const int ChecksumLength = 4;
    private const uint CompressedBit = 1U << 31;
    private const int MaxEntries = 1 << 20;

    private readonly long _entries;
    private readonly long _base;
    private readonly long _end;
    private readonly int _overflow;

    private EwfOffsetTable(
        EwfSegment segment, long firstChunk, int count, long entries, long baseOffset, long end, int overflow)
        : base(segment, firstChunk, count)
    {
        _entries = entries;
        _base = baseOffset;
        _end = end;
        _overflow = overflow;
    }

    /// <summary>Reads a table.</summary>
    /// <param name="segment">The file.</param>
    /// <param name="table">Its section.</param>
    /// <param name="sectors">The section before it that has the chunks; null when they stand in its own.</param>
    /// <param name="firstChunk">Number of its first chunk.</param>
    /// <returns>Null when a checksum is wrong.</returns>
    /// <exception cref="ImageFormatException">It does not fit where it stands.</exception>
    public static EwfOffsetTable? TryRead(
        EwfSegment segment, in EwfSection table, EwfSection? sectors, long firstChunk)
    {
        Span<byte> header = stackalloc byte[HeaderLength];
        if (table.DataLength < HeaderLength)
        {
            ThrowSize(table);
        }

        segment.Content.Read(table.DataOffset, header);
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(header);
        ulong baseOffset = BinaryPrimitives.ReadUInt64LittleEndian(header[8..]);
        if (Adler32.Compute(header[..20]) != BinaryPrimitives.ReadUInt32LittleEndian(header[20..]))
        {
            return null;
        }

        long entriesLength = (long)count * sizeof(uint);
        if (count > MaxEntries || entriesLength > table.DataLength - HeaderLength
            || baseOffset > (ulong)segment.Content.Length)
        {
            ThrowSize(table);
        }

        if (count == 0)
        {
            return new(segment, firstChunk, 0, table.DataOffset, 0, 0, 0);
        }

        long offset = table.DataOffset + HeaderLength;
        byte[] raw = segment.Content.ReadBytes(offset, (int)entriesLength);
        long first = (long)baseOffset + (BinaryPrimitives.ReadUInt32LittleEndian(raw) & ~CompressedBit);

        // SMART's tables have no checksum: the chunks stand right behind the entries.
        long end = offset + entriesLength;
        bool isChecked = (sectors is not null || first >= end + ChecksumLength)
            && table.DataOffset + table.DataLength >= end + ChecksumLength;
        if (isChecked && Adler32.Compute(raw) != ReadChecksum(segment, end))
        {
            return null;
        }

        long chunksEnd = sectors is { } data && first >= data.DataOffset && first < data.End ? data.End : table.End;
        return new(segment, firstChunk, (int)count, offset, (long)baseOffset, chunksEnd, FindOverflow(raw));
    }

    /// <inheritdoc/>
    public override EwfChunk GetChunk(int index)
    {
        Span<byte> raw = stackalloc byte[2 * sizeof(uint)];
        bool isLast = index + 1 == Count;
        raw = isLast ? raw[..sizeof(uint)] : raw;
        Segment.Content.Read(_entries + ((long)index * sizeof(uint)), raw);
        uint entry = BinaryPrimitives.ReadUInt32LittleEndian(raw);
        long begin = OffsetOf(index, entry);
        long end = isLast ? _end : OffsetOf(index + 1, BinaryPrimitives.ReadUInt32LittleEndian(raw[sizeof(uint)..]));
        bool isCompressed = index < _overflow && (entry & CompressedBit) != 0;
        return new(begin, end - begin, isCompressed ? EwfChunkKind.Zlib : EwfChunkKind.Stored, !isCompressed);
    }

    // EnCase 6.7 went on behind 2 GiB with offsets of 32 bits, of chunks that are all stored as they are: there an
    // offset of 31 bits falls behind the one before.
    private static int FindOverflow(ReadOnlySpan<byte> raw)
    {
        ReadOnlySpan<uint> entries = MemoryMarshal.Cast<byte, uint>(raw);
        for (int i = 1; i < entries.Length; i++)
        {
            if ((entries[i] & ~CompressedBit) < (entries[i - 1] & ~CompressedBit))
            {
                return i;
            }
        }

        return entries.Length;
    }

    private static uint ReadChecksum(EwfSegment segment, long offset)
    {
        Span<byte> raw = stackalloc byte[ChecksumLength];
        segment.Content.Read(offset, raw);
        return BinaryPrimitives.ReadUInt32LittleEndian(raw);
    }

    private static void ThrowSize(in EwfSection table) =>
        ImageFormatException.Throw(EwfFormat.Info.Id, table.DataOffset, "the table is longer than its section");

    private long OffsetOf(int index, uint entry) => _base + (index < _overflow ? entry & ~CompressedBit : entry);
}
