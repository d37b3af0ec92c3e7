using System.IO.Compression;

namespace Imaged.Formats.Codecs;

/// <summary>zlib streams (RFC 1950), by the base library.</summary>
internal static unsafe class ZlibDecoder
{
    /// <summary>Decodes one whole stream.</summary>
    /// <returns>Number of bytes written; -1 when the stream is damaged or longer than the destination.</returns>
    public static int Decode(ReadOnlySpan<byte> source, Span<byte> destination)
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
                using ZLibStream stream = new(input, CompressionMode.Decompress);
                int count = stream.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false);
                return stream.ReadByte() < 0 ? count : -1;
            }
            catch (Exception error) when (error is InvalidDataException or IOException)
            {
                // The library's own exception for a dictionary that is asked for is an IOException.
                return -1;
            }
        }
    }

    /// <summary>Decodes until the destination is full or the stream ends; what follows is left alone, and so not
    /// checked.</summary>
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
                using ZLibStream stream = new(input, CompressionMode.Decompress);
                return stream.ReadAtLeast(destination, destination.Length, throwOnEndOfStream: false);
            }
            catch (Exception error) when (error is InvalidDataException or IOException)
            {
                return -1;
            }
        }
    }
}
