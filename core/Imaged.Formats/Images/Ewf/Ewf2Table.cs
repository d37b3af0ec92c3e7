using System.Buffers.Binary;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Ewf;

/// <summary>A table of version 2: offset, size and flags of each chunk.</summary>
internal sealed class Ewf2Table : EwfTable
{
    private const int HeaderLength = 32;
    private const int EntryLength = 16;
    private const int MaxEntries = 1 << 22;

    private readonly long _entries;

    private Ewf2Table(EwfSegment segment, long firstChunk, int count, long entries)
        : base(segment, firstChunk, count) => _entries = entries;

    [Flags]
    private enum Flag
    {
        Compressed = 1,
        Checksum = 2,
        Pattern = 4,
    }

    /// <summary>Reads a table.</summary>
    /// <exception cref="ImageFormatException">It is damaged, or has other chunks than the next ones.</exception>
    public static Ewf2Table Read(EwfSegment segment, in EwfSection section, long firstChunk)
    {
        Span<byte> header = stackalloc byte[HeaderLength];
        if (segment.Content.ReadUpTo(section.DataOffset, header) < HeaderLength || section.DataLength < HeaderLength
            || Adler32.Compute(header[..16]) != BinaryPrimitives.ReadUInt32LittleEndian(header[16..]))
        {
            Throw(section.DataOffset, "the header of a table is damaged");
        }

        ulong first = BinaryPrimitives.ReadUInt64LittleEndian(header);
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        if (first != (ulong)firstChunk)
        {
            Throw(section.DataOffset, $"a table begins with chunk {first}, not with {firstChunk}");
        }

        if (count > MaxEntries || (long)count * EntryLength > section.DataLength - HeaderLength - sizeof(uint))
        {
            Throw(section.DataOffset + 8, $"a table of {count} chunks in {section.DataLength} bytes");
        }

        Check(segment, section.DataOffset + HeaderLength, (int)count * EntryLength);
        return new(segment, firstChunk, (int)count, section.DataOffset + HeaderLength);
    }

    /// <inheritdoc/>
    public override EwfChunk GetChunk(int index)
    {
        Span<byte> raw = stackalloc byte[EntryLength];
        Segment.Content.Read(_entries + ((long)index * EntryLength), raw);
        long offset = BinaryPrimitives.ReadInt64LittleEndian(raw);
        Flag flags = (Flag)BinaryPrimitives.ReadInt32LittleEndian(raw[12..]);
        EwfChunkKind kind = flags.HasFlag(Flag.Pattern) ? EwfChunkKind.Pattern
            : flags.HasFlag(Flag.Compressed) ? EwfChunkKind.Zlib
            : EwfChunkKind.Stored;
        return new(offset, BinaryPrimitives.ReadUInt32LittleEndian(raw[8..]), kind, flags.HasFlag(Flag.Checksum));
    }

    private static void Check(EwfSegment segment, long offset, int length)
    {
        Span<byte> expected = stackalloc byte[sizeof(uint)];
        segment.Content.Read(offset + length, expected);
        uint actual = Adler32.Compute(segment.Content.ReadBytes(offset, length));
        if (actual != BinaryPrimitives.ReadUInt32LittleEndian(expected))
        {
            Throw(offset, "the checksum of a table is wrong");
        }
    }

    private static void Throw(long offset, string message) =>
        ImageFormatException.Throw(EwfFormat.Info.Id, offset, message);
}
