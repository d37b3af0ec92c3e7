using System.Buffers.Binary;
using System.IO.Hashing;

namespace Imaged.Formats.Codecs;

/// <summary>LZ4 frames (LZ4 Frame Format Description 1.6.2): what the <c>lz4</c> program writes. Checksums are
/// verified; dictionaries of other files are not supported.</summary>
internal static class Lz4FrameDecoder
{
    private const uint Magic = 0x184D2204;
    private const int MinHeaderLength = 7;
    private const int VersionMask = 0xC0;
    private const int Version = 0x40;
    private const int HasDictionary = 0x01;
    private const int HasContentChecksum = 0x04;
    private const int HasContentLength = 0x08;
    private const int HasBlockChecksums = 0x10;
    private const uint Stored = 0x80000000;

    /// <summary>Decodes one frame.</summary>
    /// <param name="source">The frame and nothing behind it.</param>
    /// <param name="destination">Where to.</param>
    /// <returns>Number of bytes written; -1 when the frame is damaged, wants a dictionary, or is longer than the
    /// destination.</returns>
    public static int Decode(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        if (source.Length < MinHeaderLength || BinaryPrimitives.ReadUInt32LittleEndian(source) != Magic)
        {
            return -1;
        }

        int flags = source[4];
        int descriptor = 2 + ((flags & HasContentLength) != 0 ? 8 : 0);
        if ((flags & VersionMask) != Version || (flags & HasDictionary) != 0 || source.Length < 5 + descriptor
            || source[4 + descriptor] != ((XxHash32.HashToUInt32(source.Slice(4, descriptor)) >> 8) & 0xFF))
        {
            return -1;
        }

        int blockChecksum = (flags & HasBlockChecksums) != 0 ? 4 : 0;
        source = source[(5 + descriptor)..];
        int to = 0;
        while (source.Length >= 4)
        {
            uint size = BinaryPrimitives.ReadUInt32LittleEndian(source);
            source = source[4..];
            if (size == 0)
            {
                return IsEnd(source, destination[..to], (flags & HasContentChecksum) != 0) ? to : -1;
            }

            uint length = size & ~Stored;
            if (source.Length < blockChecksum || length > (uint)(source.Length - blockChecksum))
            {
                return -1;
            }

            ReadOnlySpan<byte> block = source[..(int)length];
            if (blockChecksum > 0 && !Matches(source[(int)length..], block))
            {
                return -1;
            }

            to = (size & Stored) == 0 ? Lz4Decoder.Decode(block, destination, to) : Store(block, destination, to);
            if (to < 0)
            {
                return -1;
            }

            source = source[((int)length + blockChecksum)..];
        }

        return -1;
    }

    private static int Store(ReadOnlySpan<byte> block, Span<byte> destination, int to) =>
        block.TryCopyTo(destination[to..]) ? to + block.Length : -1;

    private static bool IsEnd(ReadOnlySpan<byte> source, ReadOnlySpan<byte> content, bool hasChecksum) =>
        hasChecksum ? source.Length == 4 && Matches(source, content) : source.IsEmpty;

    private static bool Matches(ReadOnlySpan<byte> stored, ReadOnlySpan<byte> bytes) =>
        BinaryPrimitives.ReadUInt32LittleEndian(stored) == XxHash32.HashToUInt32(bytes);
}
