using System.Runtime.InteropServices;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Codecs;

/// <summary>Zstandard frames (RFC 8878), decoded in one direction by the system's library, with windows of up to 128
/// MiB.</summary>
internal sealed unsafe partial class ZstdStreamDecoder : ForwardDecoder
{
    /// <summary>Largest window as a power of two: what <c>--long</c> takes.</summary>
    public const int MaxWindowLog = 27;

    private const string Library = "libzstd.so.1";
    private const int WindowLogMax = 100;

    private readonly string _format;
    private readonly StreamInput _input;
    private readonly long _offset;
    private void* _context;
    private bool _isInFrame;

    /// <summary>A decoder of all frames between two offsets; does not own the file.</summary>
    /// <exception cref="UnsupportedFeatureException">The library is not installed.</exception>
    public ZstdStreamDecoder(string format, BlockSource file, long offset, long end)
    {
        _format = format;
        _offset = offset;
        _input = new(file, offset, end);
        try
        {
            _context = CreateContext();
            if (_context is null || IsError(SetParameter(_context, WindowLogMax, MaxWindowLog)) != 0)
            {
                throw new OutOfMemoryException("zstd's decoder found no memory");
            }
        }
        catch (Exception error) when (error is DllNotFoundException or EntryPointNotFoundException)
        {
            throw new UnsupportedFeatureException(format, $"zstd compression (without {Library})");
        }
    }

    /// <summary>Releases what nobody disposed.</summary>
    ~ZstdStreamDecoder() => Dispose(false);

    /// <inheritdoc/>
    public override int Read(Span<byte> destination)
    {
        ObjectDisposedException.ThrowIf(_context is null, this);
        int done = 0;
        fixed (byte* input = _input.Buffer, to = destination)
        {
            while (done < destination.Length)
            {
                if (_input.Next >= _input.End)
                {
                    _input.Fill();
                }

                Buffer output = new() { Bytes = to, Length = (nuint)destination.Length, Position = (nuint)done };
                Buffer source = new()
                {
                    Bytes = input, Length = (nuint)_input.End, Position = (nuint)_input.Next,
                };
                bool isLast = _input.IsAtEnd;
                if (isLast && !_isInFrame)
                {
                    break;
                }

                nuint result = DecompressStream(_context, &output, &source);
                if (IsError(result) != 0)
                {
                    ImageFormatException.Throw(_format, _offset, "a frame is damaged, or its checksum is wrong");
                }

                bool moved = (int)output.Position > done || (int)source.Position > _input.Next;
                done = (int)output.Position;
                _input.Next = (int)source.Position;
                _isInFrame = result != 0;
                if (isLast && !moved && _isInFrame)
                {
                    ImageFormatException.Throw(_format, _input.Offset, "the file is cut off inside a frame");
                }
            }
        }

        return done;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (_context is not null)
        {
            _ = FreeContext(_context);
            _context = null;
        }
    }

    [LibraryImport(Library, EntryPoint = "ZSTD_createDCtx")]
    private static partial void* CreateContext();

    [LibraryImport(Library, EntryPoint = "ZSTD_freeDCtx")]
    private static partial nuint FreeContext(void* context);

    [LibraryImport(Library, EntryPoint = "ZSTD_DCtx_setParameter")]
    private static partial nuint SetParameter(void* context, int parameter, int value);

    [LibraryImport(Library, EntryPoint = "ZSTD_decompressStream")]
    private static partial nuint DecompressStream(void* context, Buffer* output, Buffer* input);

    [LibraryImport(Library, EntryPoint = "ZSTD_isError")]
    private static partial uint IsError(nuint code);

    // ZSTD_inBuffer and ZSTD_outBuffer of zstd.h.
    private struct Buffer
    {
        public byte* Bytes;
        public nuint Length;
        public nuint Position;
    }
}
