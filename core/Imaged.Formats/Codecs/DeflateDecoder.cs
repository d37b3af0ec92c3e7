using System.IO.Compression;

namespace Imaged.Formats.Codecs;

/// <summary>Deflate streams (RFC 1951) without a header around them, by the base library.</summary>
internal static unsafe class DeflateDecoder
{
    /// <summary>Decodes until the destination is full or the stream ends; what follows in the source is left
    /// alone.</summary>
    /// <returns>Number of bytes written; -1 when the stream is damaged or cut off.</returns>
    public static int DecodePrefix(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        if (source.IsEmpty)
        {
            return -1;
        }

        fixed (byte* bytes = source)
        {
            try
            {
                using UnmanagedMemoryStream input = new(bytes, source.Length);
                using DeflateStream stream = new(input, CompressionMode.Decompress);
                return stream.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false);
            }
            catch (Exception error) when (error is InvalidDataException or IOException)
            {
                // The library's own exception for a dictionary that is asked for is an IOException.
                return -1;
            }
        }
    }
}
