using System.Runtime.InteropServices;
using Imaged.Formats.Model;

namespace Imaged.Formats.Codecs;

/// <summary>bzip2 streams (manual of bzip2 1.0.8, chapter 3), by the system's library, which takes less than 4 MiB for
/// the largest block size there is.</summary>
internal static unsafe partial class Bzip2Decoder
{
    internal const string Library = "libbz2.so.1";
    internal const int Ok = 0;
    internal const int StreamEnd = 4;
    private const int OutOfMemory = -3;

    // The shortest stream: a header of 4 bytes, the end mark of 6, the checksum of 4.
    private const int MinStreamLength = 14;

    /// <summary>Decodes all streams of the source, as many as stand behind each other.</summary>
    /// <param name="format">Who asks, for the error when the library is missing.</param>
    /// <param name="source">One or several whole streams and nothing behind them.</param>
    /// <param name="destination">Where to.</param>
    /// <returns>Number of bytes written; -1 when a stream is damaged or longer than the destination.</returns>
    /// <exception cref="UnsupportedFeatureException">The library is not installed.</exception>
    /// <exception cref="OutOfMemoryException">The host has no memory left.</exception>
    public static int Decode(string format, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        int from = 0;
        int to = 0;
        try
        {
            do
            {
                if (source.Length - from < MinStreamLength
                    || !TryDecodeStream(source[from..], destination[to..], out int read, out int written))
                {
                    return -1;
                }

                from += read;
                to += written;
            }
            while (from < source.Length);

            return to;
        }
        catch (Exception error) when (error is DllNotFoundException or EntryPointNotFoundException)
        {
            throw new UnsupportedFeatureException(format, $"bzip2 compression (without {Library})");
        }
    }

    private static bool TryDecodeStream(
        ReadOnlySpan<byte> source, Span<byte> destination, out int read, out int written)
    {
        BzStream stream = default;
        byte spare = 0;
        read = 0;
        written = 0;
        fixed (byte* from = source)
        fixed (byte* to = destination)
        {
            CheckMemory(DecompressInit(&stream, 0, 0));
            try
            {
                stream.NextIn = from;
                stream.AvailableIn = (uint)source.Length;
                stream.NextOut = to;
                stream.AvailableOut = (uint)destination.Length;
                int result = Ok;
                if (destination.Length > 0)
                {
                    result = Decompress(&stream);
                }

                if (result == Ok && stream.AvailableOut == 0)
                {
                    // What is left may be the end mark; the library only reads it with room for a byte more.
                    stream.NextOut = &spare;
                    stream.AvailableOut = 1;
                    result = Decompress(&stream);
                    result = stream.AvailableOut == 1 ? result : Ok;
                    stream.AvailableOut = 0;
                }

                CheckMemory(result);
                read = source.Length - (int)stream.AvailableIn;
                written = destination.Length - (int)stream.AvailableOut;
                return result == StreamEnd;
            }
            finally
            {
                _ = DecompressEnd(&stream);
            }
        }
    }

    internal static void CheckMemory(int result)
    {
        if (result == OutOfMemory)
        {
            throw new OutOfMemoryException("bzip2's decoder found no memory");
        }
    }

    [LibraryImport(Library, EntryPoint = "BZ2_bzDecompressInit")]
    internal static partial int DecompressInit(BzStream* stream, int verbosity, int small);

    [LibraryImport(Library, EntryPoint = "BZ2_bzDecompress")]
    internal static partial int Decompress(BzStream* stream);

    [LibraryImport(Library, EntryPoint = "BZ2_bzDecompressEnd")]
    internal static partial int DecompressEnd(BzStream* stream);

    // bz_stream of bzlib.h: 80 bytes where pointers have 64 bits.
    [StructLayout(LayoutKind.Sequential)]
    internal struct BzStream
    {
        public byte* NextIn;
        public uint AvailableIn;
        public uint TotalInLow;
        public uint TotalInHigh;
        public byte* NextOut;
        public uint AvailableOut;
        public uint TotalOutLow;
        public uint TotalOutHigh;
        public void* State;
        public void* Allocate;
        public void* Free;
        public void* Opaque;
    }
}
