using System.Buffers.Binary;
using System.IO.Hashing;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Codecs;

/// <summary>Single blocks of an xz stream (The .xz File Format 1.2.0), so that a file of many blocks can be read at any
/// offset. The block is decoded as a stream that has no other one: all its sizes and checks are verified.</summary>
internal static class XzBlockDecoder
{
    /// <summary>Bytes of the stream flags.</summary>
    public const int FlagsLength = 2;

    private const int HeaderLength = 12;
    private const int FooterLength = 12;
    private const int CrcLength = 4;

    // Indicator and number of records, two numbers of nine bytes at most, padding, CRC.
    private const int MaxIndexLength = 28;

    private static ReadOnlySpan<byte> HeaderMagic => [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0];

    /// <summary>A decoder of one block.</summary>
    /// <param name="format">Who asks, for errors.</param>
    /// <param name="flags">The two bytes of stream flags (section 2.1.1.2) of the stream that has the block.</param>
    /// <param name="file">The file; stays the caller's.</param>
    /// <param name="offset">Byte offset of the block's header in it.</param>
    /// <param name="unpaddedLength">The block's length in bytes without the padding, as the stream's index has it, at
    /// least 5; with its padding it lies inside the file.</param>
    /// <param name="length">Bytes that it decodes to, as the index has it.</param>
    /// <exception cref="UnsupportedFeatureException">liblzma is not installed.</exception>
    public static LzmaStreamDecoder Open(
        string format, ReadOnlySpan<byte> flags, BlockSource file, long offset, long unpaddedLength, long length)
    {
        byte[] header = new byte[HeaderLength];
        HeaderMagic.CopyTo(header);
        flags[..FlagsLength].CopyTo(header.AsSpan(HeaderMagic.Length));
        Crc32.Hash(flags[..FlagsLength], header.AsSpan(HeaderLength - CrcLength));

        byte[] end = new byte[MaxIndexLength + FooterLength];
        int index = WriteIndex(end, unpaddedLength, length);
        Span<byte> footer = end.AsSpan(index, FooterLength);
        BinaryPrimitives.WriteInt32LittleEndian(footer[4..], (index / 4) - 1);
        flags[..FlagsLength].CopyTo(footer[8..]);
        "YZ"u8.CopyTo(footer[10..]);
        Crc32.Hash(footer.Slice(4, 6), footer);

        ConcatSource stream = new(
            [
                new MemorySource(header),
                new SliceSource(file, offset, (unpaddedLength + 3) & ~3L),
                new MemorySource(end.AsMemory(0, index + FooterLength)),
            ],
            ownsParts: false);
        return LzmaStreamDecoder.OpenXz(format, new StreamInput(stream, 0, stream.Length), offset);
    }

    // Section 4: the indicator, the number of records, and one record.
    private static int WriteIndex(Span<byte> destination, long unpaddedLength, long length)
    {
        destination[0] = 0;
        destination[1] = 1;
        int count = 2;
        count += WriteNumber(destination[count..], unpaddedLength);
        count += WriteNumber(destination[count..], length);
        int padding = -count & 3;
        destination.Slice(count, padding).Clear();
        count += padding;
        Crc32.Hash(destination[..count], destination[count..]);
        return count + CrcLength;
    }

    // Section 1.2: seven bits in each byte, the lowest first.
    private static int WriteNumber(Span<byte> destination, long value)
    {
        int count = 0;
        while (value >= 0x80)
        {
            destination[count++] = (byte)((value & 0x7F) | 0x80);
            value >>= 7;
        }

        destination[count++] = (byte)value;
        return count;
    }
}
