using System.Buffers;
using System.Buffers.Binary;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Chd;

/// <summary>The methods that hunks are compressed with, by the four characters of their names.</summary>
internal static class ChdCodec
{
    private const uint Zlib = 0x7a6c6962;
    private const uint Lzma = 0x6c7a6d61;
    private const uint Huffman = 0x68756666;
    private const uint Flac = 0x666c6163;
    private const uint Zstd = 0x7a737464;
    private const uint AvHuffman = 0x61766875;
    private const uint CdZlib = 0x63647a6c;
    private const uint CdLzma = 0x63646c7a;
    private const uint CdFlac = 0x6364666c;
    private const uint CdZstd = 0x63647a73;

    private const int LzmaHeaderLength = 13;
    private const int LzmaMinDictionary = 4096;

    // Three literal context bits, no literal position bits, two position bits.
    private const byte LzmaProperties = (((2 * 5) + 0) * 9) + 3;

    /// <summary>Checks the codecs that an image names.</summary>
    /// <exception cref="UnsupportedFeatureException">One of them is not known.</exception>
    /// <exception cref="ImageFormatException">One of CDs stands in an image of something else.</exception>
    public static void Check(ChdHeader header)
    {
        foreach (uint codec in header.Codecs)
        {
            switch (codec)
            {
                case 0 or Zlib or Lzma or Huffman or Flac or Zstd:
                    break;
                case CdZlib or CdLzma or CdFlac or CdZstd when header.HunkLength % ChdFrames.Length != 0:
                    ImageFormatException.Throw(
                        ChdFormat.Id,
                        16,
                        $"the codec {ChdHeader.NameOf(codec)} needs hunks of whole CD frames of {ChdFrames.Length} "
                        + $"bytes, not of {header.HunkLength}");
                    break;
                case CdZlib or CdLzma or CdFlac or CdZstd:
                    break;
                case AvHuffman:
                    UnsupportedFeatureException.Throw(ChdFormat.Id, "a laserdisc (the codec avhu)");
                    break;
                default:
                    UnsupportedFeatureException.Throw(ChdFormat.Id, $"the codec '{ChdHeader.NameOf(codec)}'");
                    break;
            }
        }
    }

    /// <summary>Decodes a hunk.</summary>
    /// <param name="codec">Its codec, one of those that <see cref="Check"/> lets pass.</param>
    /// <param name="source">What is stored.</param>
    /// <param name="hunk">Where to.</param>
    /// <returns>Whether it could be decoded to exactly a hunk.</returns>
    public static bool TryDecode(uint codec, ReadOnlySpan<byte> source, Span<byte> hunk) => codec switch
    {
        Zlib => DeflateDecoder.DecodePrefix(source, hunk) == hunk.Length,
        Lzma => TryDecodeLzma(source, hunk),
        Huffman => ChdHuffman.TryDecodeBytes(source, hunk),
        Flac => TryDecodeFlac(source, hunk),
        Zstd => ZstdDecoder.Decode(ChdFormat.Id, source, hunk) == hunk.Length,
        CdZlib => ChdFrames.TryDecode(Zlib, Zlib, source, hunk),
        CdLzma => ChdFrames.TryDecode(Lzma, Zlib, source, hunk),
        CdZstd => ChdFrames.TryDecode(Zstd, Zstd, source, hunk),
        CdFlac => ChdFrames.TryDecodeSound(Zlib, source, hunk),
        _ => false,
    };

    // What is stored lacks the header, as all of its fields are known: the parameters, and both lengths.
    private static bool TryDecodeLzma(ReadOnlySpan<byte> source, Span<byte> hunk)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(LzmaHeaderLength + source.Length);
        try
        {
            Span<byte> stream = buffer.AsSpan(0, LzmaHeaderLength + source.Length);
            stream[0] = LzmaProperties;
            BinaryPrimitives.WriteInt32LittleEndian(stream[1..], Math.Max(hunk.Length, LzmaMinDictionary));
            BinaryPrimitives.WriteInt64LittleEndian(stream[5..], hunk.Length);
            source.CopyTo(stream[LzmaHeaderLength..]);
            return LzmaDecoder.DecodeAlone(ChdFormat.Id, stream, hunk) == hunk.Length;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static bool TryDecodeFlac(ReadOnlySpan<byte> source, Span<byte> hunk)
    {
        if (source.IsEmpty || source[0] is not ((byte)'L' or (byte)'B'))
        {
            return false;
        }

        return FlacDecoder.DecodeStereo16(source[1..], hunk, source[0] == 'B', out _) == hunk.Length;
    }
}
