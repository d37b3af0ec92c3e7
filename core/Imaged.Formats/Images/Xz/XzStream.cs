using System.Buffers.Binary;
using System.IO.Hashing;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Xz;

/// <summary>A stream of a file, without its blocks (The .xz File Format 1.2.0, sections 2.1.1 and 2.1.2).</summary>
/// <param name="Offset">Byte offset of its header.</param>
/// <param name="Check">What follows each of its blocks.</param>
/// <param name="Records">Unpadded and decoded length of each block, as the index has them.</param>
internal sealed record XzStream(long Offset, XzCheckType Check, List<(long Unpadded, long Decoded)> Records)
{
    /// <summary>Bytes of the header, and of the footer.</summary>
    public const int HeaderLength = 12;

    private const int FlagsLength = 2;
    private const int MaxIndexLength = 32 << 20;

    /// <summary>The first bytes of a stream.</summary>
    public static ReadOnlySpan<byte> HeaderMagic => [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0];

    /// <summary>Reads the stream that ends at <paramref name="end"/>.</summary>
    /// <exception cref="ImageFormatException">It is damaged, or something else ends there.</exception>
    /// <exception cref="UnsupportedFeatureException">Its blocks have an unknown check.</exception>
    public static XzStream ReadBackwards(BlockSource file, long end)
    {
        Span<byte> footer = stackalloc byte[HeaderLength];
        if (end < 2 * HeaderLength || file.ReadUpTo(end - HeaderLength, footer) < HeaderLength
            || !footer[10..].SequenceEqual("YZ"u8)
            || Crc32.HashToUInt32(footer[4..10]) != BinaryPrimitives.ReadUInt32LittleEndian(footer))
        {
            Throw(Math.Max(0, end - HeaderLength), "no stream ends here: the file is cut off, or something follows it");
        }

        long indexLength = (BinaryPrimitives.ReadUInt32LittleEndian(footer[4..]) + 1L) * 4;
        long index = end - HeaderLength - indexLength;
        if (index < HeaderLength || indexLength > MaxIndexLength)
        {
            Throw(end - HeaderLength, $"the stream has an index of {indexLength} bytes");
        }

        List<(long Unpadded, long Decoded)> records =
            XzIndexReader.Read(file.ReadBytes(index, (int)indexLength), index, out long blocks);
        long offset = index - blocks - HeaderLength;
        Span<byte> header = stackalloc byte[HeaderLength];
        if (blocks > index || offset < 0 || file.ReadUpTo(offset, header) < HeaderLength
            || !header.StartsWith(HeaderMagic)
            || !header.Slice(HeaderMagic.Length, FlagsLength).SequenceEqual(footer.Slice(8, FlagsLength))
            || Crc32.HashToUInt32(header.Slice(HeaderMagic.Length, FlagsLength))
                != BinaryPrimitives.ReadUInt32LittleEndian(header[8..]))
        {
            Throw(Math.Max(0, offset), "the header of a stream does not fit its footer and index");
        }

        XzCheckType check = (XzCheckType)footer[9];
        if (footer[8] != 0 || !Enum.IsDefined(check))
        {
            UnsupportedFeatureException.Throw(XzFormat.Info.Id, $"check type {footer[9]}");
        }

        return new(offset, check, records);
    }

    private static void Throw(long offset, string message) =>
        ImageFormatException.Throw(XzFormat.Info.Id, offset, message);
}
