using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Apple;

/// <summary>MacBinary files ("MacBinary II Standard", 1987, and its third version): a header of 128 bytes, the data
/// fork, the resource fork, each filled up to 128 bytes.</summary>
internal static class MacBinary
{
    private const int HeaderLength = 128;
    private const int MaxNameLength = 63;
    private const int CheckedLength = 124;

    /// <summary>Whether bytes are such a header: the first version had no checksum, and is not known.</summary>
    public static bool IsHeader(ReadOnlySpan<byte> raw) =>
        raw.Length >= HeaderLength && raw[0] == 0 && raw[74] == 0 && raw[1] is > 0 and <= MaxNameLength
        && BinaryPrimitives.ReadUInt16BigEndian(raw[CheckedLength..]) == Checksum(raw[..CheckedLength]);

    /// <summary>The forks of a file; null when it is none, or cut off.</summary>
    public static (BlockSource Data, BlockSource Resource)? Open(BlockSource file)
    {
        Span<byte> raw = stackalloc byte[HeaderLength];
        if (file.ReadUpTo(0, raw) < HeaderLength || !IsHeader(raw))
        {
            return null;
        }

        long data = BinaryPrimitives.ReadUInt32BigEndian(raw[83..]);
        long resource = BinaryPrimitives.ReadUInt32BigEndian(raw[87..]);
        long begin = HeaderLength + Fill(BinaryPrimitives.ReadUInt16BigEndian(raw[120..]));
        long second = begin + Fill(data);
        return second > file.Length - resource
            ? null
            : (new SliceSource(file, begin, data), new SliceSource(file, second, resource));
    }

    private static long Fill(long length) => (length + HeaderLength - 1) / HeaderLength * HeaderLength;

    // The same as that of discs, but not inverted.
    private static ushort Checksum(ReadOnlySpan<byte> bytes) => (ushort)(Crc16.Compute(bytes) ^ 0xffff);
}
