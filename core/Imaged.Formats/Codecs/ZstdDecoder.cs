using System.Runtime.InteropServices;
using Imaged.Formats.Model;

namespace Imaged.Formats.Codecs;

/// <summary>Zstandard frames (RFC 8878), by the system's library. It decodes straight to the destination and needs no
/// window of its own.</summary>
internal static unsafe partial class ZstdDecoder
{
    private const string Library = "libzstd.so.1";

    /// <summary>Decodes all frames of the source.</summary>
    /// <param name="format">Who asks, for the error when the library is missing.</param>
    /// <param name="source">One or several whole frames.</param>
    /// <param name="destination">Where to.</param>
    /// <returns>Number of bytes written; -1 when a frame is damaged or longer than the destination.</returns>
    /// <exception cref="UnsupportedFeatureException">The library is not installed.</exception>
    public static int Decode(string format, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        try
        {
            fixed (byte* from = source)
            fixed (byte* to = destination)
            {
                nuint count = Decompress(to, (nuint)destination.Length, from, (nuint)source.Length);
                return IsError(count) != 0 || count > (nuint)destination.Length ? -1 : (int)count;
            }
        }
        catch (Exception error) when (error is DllNotFoundException or EntryPointNotFoundException)
        {
            throw new UnsupportedFeatureException(format, $"zstd compression (without {Library})");
        }
    }

    /// <summary>Decodes the first frame of the source; what follows it is left alone.</summary>
    /// <param name="format">Who asks, for the error when the library is missing.</param>
    /// <param name="source">A whole frame, and perhaps more.</param>
    /// <param name="destination">Where to.</param>
    /// <returns>Number of bytes written; -1 when the frame is damaged or longer than the destination.</returns>
    /// <exception cref="UnsupportedFeatureException">The library is not installed.</exception>
    public static int DecodeFrame(string format, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        nuint length;
        try
        {
            fixed (byte* from = source)
            {
                length = FindFrameLength(from, (nuint)source.Length);
                if (IsError(length) != 0)
                {
                    return -1;
                }
            }
        }
        catch (Exception error) when (error is DllNotFoundException or EntryPointNotFoundException)
        {
            throw new UnsupportedFeatureException(format, $"zstd compression (without {Library})");
        }

        return Decode(format, source[..(int)length], destination);
    }

    [LibraryImport(Library, EntryPoint = "ZSTD_findFrameCompressedSize")]
    private static partial nuint FindFrameLength(byte* source, nuint length);

    [LibraryImport(Library, EntryPoint = "ZSTD_decompress")]
    private static partial nuint Decompress(byte* destination, nuint capacity, byte* source, nuint length);

    [LibraryImport(Library, EntryPoint = "ZSTD_isError")]
    private static partial uint IsError(nuint code);
}
