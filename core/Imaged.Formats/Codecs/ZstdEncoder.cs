using System.Runtime.InteropServices;
using Imaged.Formats.Model;

namespace Imaged.Formats.Codecs;

/// <summary>Makes Zstandard frames (RFC 8878) by the system's library. One thread at a time.</summary>
public sealed unsafe partial class ZstdEncoder : IDisposable
{
    /// <summary>The level that is as fast as it gets with the format's usual strength.</summary>
    public const int DefaultLevel = 1;

    /// <summary>The strongest level.</summary>
    public const int MaxLevel = 19;

    private const string Library = "libzstd.so.1";

    private readonly int _level;
    private void* _context;

    /// <summary>An encoder.</summary>
    /// <param name="format">Who asks, for the error when the library is missing.</param>
    /// <param name="level">1 to <see cref="MaxLevel"/>: the higher, the smaller and slower.</param>
    /// <exception cref="UnsupportedFeatureException">The library is not installed.</exception>
    public ZstdEncoder(string format, int level)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(level, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(level, MaxLevel);
        _level = level;
        try
        {
            _context = CreateContext();
        }
        catch (Exception error) when (error is DllNotFoundException or EntryPointNotFoundException)
        {
            throw new UnsupportedFeatureException(format, $"zstd compression (without {Library})");
        }

        if (_context is null)
        {
            throw new OutOfMemoryException("zstd's encoder found no memory");
        }
    }

    /// <summary>Releases what nobody disposed.</summary>
    ~ZstdEncoder() => Free();

    /// <summary>Compresses to one frame.</summary>
    /// <returns>Number of bytes written; -1 when the frame is longer than the destination.</returns>
    public int Encode(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        ObjectDisposedException.ThrowIf(_context is null, this);
        fixed (byte* from = source)
        fixed (byte* to = destination)
        {
            nuint count =
                Compress(_context, to, (nuint)destination.Length, from, (nuint)source.Length, _level);
            return IsError(count) != 0 ? -1 : (int)count;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (_context is not null)
        {
            _ = FreeContext(_context);
            _context = null;
        }
    }

    [LibraryImport(Library, EntryPoint = "ZSTD_createCCtx")]
    private static partial void* CreateContext();

    [LibraryImport(Library, EntryPoint = "ZSTD_freeCCtx")]
    private static partial nuint FreeContext(void* context);

    [LibraryImport(Library, EntryPoint = "ZSTD_compressCCtx")]
    private static partial nuint Compress(
        void* context, byte* destination, nuint capacity, byte* source, nuint length, int level);

    [LibraryImport(Library, EntryPoint = "ZSTD_isError")]
    private static partial uint IsError(nuint code);
}
