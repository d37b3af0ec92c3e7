using System.Runtime.InteropServices;
using Imaged.Formats.Model;

namespace Imaged.Formats.Codecs;

/// <summary>xz streams and the older bare LZMA ones, by the system's library, which may take so much memory and no
/// more: the size of a dictionary is in the stream.</summary>
internal static unsafe partial class LzmaDecoder
{
    internal const string Library = "liblzma.so.5";
    private const ulong MaxMemory = 64 << 20;
    internal const int Ok = 0;
    internal const int StreamEnd = 1;
    private const int MemoryLimit = 6;
    internal const int ActionFinish = 3;

    /// <summary>Decodes one whole xz stream.</summary>
    /// <param name="format">Who asks, for the error when the library is missing.</param>
    /// <param name="source">The stream and nothing behind it.</param>
    /// <param name="destination">Where to.</param>
    /// <returns>Number of bytes written; -1 when the stream is damaged or longer than the destination.</returns>
    /// <exception cref="UnsupportedFeatureException">The library is not installed, or the stream takes more than 64 MiB
    /// to decode.</exception>
    public static int DecodeXz(string format, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        try
        {
            fixed (byte* from = source)
            fixed (byte* to = destination)
            {
                ulong limit = MaxMemory;
                nuint read = 0;
                nuint written = 0;
                int result = StreamBufferDecode(
                    &limit, 0, null, from, &read, (nuint)source.Length, to, &written, (nuint)destination.Length);
                CheckMemory(format, result);
                return result == Ok ? (int)written : -1;
            }
        }
        catch (Exception error) when (error is DllNotFoundException or EntryPointNotFoundException)
        {
            throw Missing(format);
        }
    }

    /// <summary>Decodes one LZMA stream with its header of 13 bytes; as <see cref="DecodeXz"/>.</summary>
    public static int DecodeAlone(string format, ReadOnlySpan<byte> source, Span<byte> destination)
    {
        LzmaStream stream = default;
        try
        {
            fixed (byte* from = source)
            fixed (byte* to = destination)
            {
                int result = AloneDecoder(&stream, MaxMemory);
                if (result != Ok)
                {
                    return -1;
                }

                try
                {
                    stream.NextIn = from;
                    stream.AvailableIn = (nuint)source.Length;
                    stream.NextOut = to;
                    stream.AvailableOut = (nuint)destination.Length;
                    result = Code(&stream, ActionFinish);
                    CheckMemory(format, result);
                    if (result == Ok && stream.AvailableOut == 0)
                    {
                        // What is left may be an end mark; the library only reads it with room for a byte more.
                        byte spare;
                        stream.NextOut = &spare;
                        stream.AvailableOut = 1;
                        result = Code(&stream, ActionFinish);
                    }

                    return result == StreamEnd && stream.TotalOut <= (ulong)destination.Length
                        ? (int)stream.TotalOut
                        : -1;
                }
                finally
                {
                    End(&stream);
                }
            }
        }
        catch (Exception error) when (error is DllNotFoundException or EntryPointNotFoundException)
        {
            throw Missing(format);
        }
    }

    internal static UnsupportedFeatureException Missing(string format) =>
        new(format, $"LZMA compression (without {Library})");

    internal static void CheckMemory(string format, int result, ulong limit = MaxMemory)
    {
        if (result == MemoryLimit)
        {
            UnsupportedFeatureException.Throw(format, $"LZMA data that takes more than {limit >> 20} MiB");
        }
    }

    [LibraryImport(Library, EntryPoint = "lzma_stream_buffer_decode")]
    private static partial int StreamBufferDecode(
        ulong* memoryLimit,
        uint flags,
        void* allocator,
        byte* source,
        nuint* sourcePosition,
        nuint sourceLength,
        byte* destination,
        nuint* destinationPosition,
        nuint destinationLength);

    [LibraryImport(Library, EntryPoint = "lzma_stream_decoder")]
    internal static partial int StreamDecoder(LzmaStream* stream, ulong memoryLimit, uint flags);

    [LibraryImport(Library, EntryPoint = "lzma_alone_decoder")]
    internal static partial int AloneDecoder(LzmaStream* stream, ulong memoryLimit);

    [LibraryImport(Library, EntryPoint = "lzma_code")]
    internal static partial int Code(LzmaStream* stream, int action);

    [LibraryImport(Library, EntryPoint = "lzma_end")]
    internal static partial void End(LzmaStream* stream);

    // lzma_stream of liblzma 5: 136 bytes, the rest reserved.
    [StructLayout(LayoutKind.Sequential, Size = 136)]
    internal struct LzmaStream
    {
        public byte* NextIn;
        public nuint AvailableIn;
        public ulong TotalIn;
        public byte* NextOut;
        public nuint AvailableOut;
        public ulong TotalOut;
    }
}
