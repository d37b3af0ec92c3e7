using System.Buffers.Binary;
using Imaged.Formats.Codecs;

namespace Imaged.Formats.Optical.Uif;

/// <summary>Decodes what is compressed in a UIF image: zlib, from version 3 on LZMA behind a header of its
/// own.</summary>
internal static class UifDecoder
{
    private const int FirstLzmaVersion = 3;

    // Whether the x86 filter is used; then properties, dictionary and length of a bare LZMA stream.
    private const int FilterLength = 1;
    private const int LzmaHeaderLength = 13;
    private const int MinDictionary = 4096;

    /// <summary>Decodes until the destination is full.</summary>
    /// <param name="version">Version of the image.</param>
    /// <param name="encoded">The bytes; of LZMA, the header is changed.</param>
    /// <param name="destination">Where to.</param>
    /// <returns>Whether it became full.</returns>
    public static bool TryDecode(int version, Span<byte> encoded, Span<byte> destination) =>
        version < FirstLzmaVersion
            ? ZlibDecoder.DecodePrefix(encoded, destination) == destination.Length
            : TryDecodeLzma(encoded, destination) || ZlibDecoder.DecodePrefix(encoded, destination)
                == destination.Length;

    private static bool TryDecodeLzma(Span<byte> encoded, Span<byte> destination)
    {
        if (encoded.Length < FilterLength + LzmaHeaderLength)
        {
            return false;
        }

        // The length is not always there, and no more dictionary is needed than there are bytes.
        byte[] header = encoded[..(FilterLength + LzmaHeaderLength)].ToArray();
        Span<byte> stream = encoded[FilterLength..];
        BinaryPrimitives.WriteInt32LittleEndian(stream[1..], Math.Max(destination.Length, MinDictionary));
        BinaryPrimitives.WriteInt64LittleEndian(stream[5..], destination.Length);
        int count = LzmaDecoder.DecodeAlone(UifFormat.Id, stream, destination);
        header.CopyTo(encoded);
        if (count != destination.Length)
        {
            return false;
        }

        if (header[0] != 0)
        {
            X86Filter.Decode(destination);
        }

        return true;
    }
}
