using System.Buffers;
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

    /// <summary>Decodes one block.</summary>
    /// <param name="format">Who asks, for errors.</param>
    /// <param name="flags">The two bytes of stream flags (section 2.1.1.2) of the stream that has the block.</param>
    /// <param name="file">What has the block from its header to its check, padded to a multiple of four bytes. It is
    /// read to where it is decoded from: blocks are long.</param>
    /// <param name="offset">Byte offset of the block in it.</param>
    /// <param name="length">Length of the block in bytes; the caller has compared it with a limit.</param>
    /// <param name="unpaddedLength">Its length in bytes without the padding, as the stream's index has it.</param>
    /// <param name="destination">Where to: as long as the block's uncompressed size in the index.</param>
    /// <returns>Number of bytes written, the whole destination; -1 when the block is damaged or has another
    /// length.</returns>
    /// <exception cref="UnsupportedFeatureException">liblzma is not installed, or the block takes more than 64 MiB to
    /// decode.</exception>
    public static int Decode(
        string format,
        ReadOnlySpan<byte> flags,
        BlockSource file,
        long offset,
        int length,
        long unpaddedLength,
        Span<byte> destination)
    {
        if (flags.Length != FlagsLength || unpaddedLength < 5 || (unpaddedLength + 3) / 4 * 4 != length)
        {
            return -1;
        }

        byte[] stream = ArrayPool<byte>.Shared.Rent(HeaderLength + length + MaxIndexLength + FooterLength);
        try
        {
            HeaderMagic.CopyTo(stream);
            flags.CopyTo(stream.AsSpan(HeaderMagic.Length));
            Crc32.Hash(flags, stream.AsSpan(HeaderLength - CrcLength));
            file.Read(offset, stream.AsSpan(HeaderLength, length));
            int end = HeaderLength + length;
            int index = WriteIndex(stream.AsSpan(end), unpaddedLength, destination.Length);
            end += index;

            Span<byte> footer = stream.AsSpan(end, FooterLength);
            BinaryPrimitives.WriteInt32LittleEndian(footer[4..], (index / 4) - 1);
            flags.CopyTo(footer[8..]);
            "YZ"u8.CopyTo(footer[10..]);
            Crc32.Hash(footer.Slice(4, 6), footer);
            end += FooterLength;
            return LzmaDecoder.DecodeXz(format, stream.AsSpan(0, end), destination);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(stream);
        }
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
