using System.Runtime.InteropServices;
using Imaged.Formats.Model;

namespace Imaged.Formats.Codecs;

/// <summary>One bzip2 stream in memory, decoded in one direction by the system's library.</summary>
internal sealed unsafe class Bzip2StreamDecoder : ForwardDecoder
{
    private readonly string _format;
    private readonly long _offset;
    private readonly byte[] _source;
    private Bzip2Decoder.BzStream* _stream;
    private int _next;
    private bool _isAtEnd;

    /// <summary>A decoder.</summary>
    /// <param name="format">Who asks, for errors.</param>
    /// <param name="offset">Where in the file the stream is from, for errors.</param>
    /// <param name="source">The stream and nothing behind it.</param>
    /// <exception cref="UnsupportedFeatureException">The library is not installed.</exception>
    public Bzip2StreamDecoder(string format, long offset, byte[] source)
    {
        _format = format;
        _offset = offset;
        _source = source;

        // The library keeps the address of this structure.
        _stream = (Bzip2Decoder.BzStream*)NativeMemory.AllocZeroed((nuint)sizeof(Bzip2Decoder.BzStream));
        try
        {
            Bzip2Decoder.CheckMemory(Bzip2Decoder.DecompressInit(_stream, 0, 0));
        }
        catch (Exception error) when (error is DllNotFoundException or EntryPointNotFoundException)
        {
            NativeMemory.Free(_stream);
            _stream = null;
            throw new UnsupportedFeatureException(format, $"bzip2 compression (without {Bzip2Decoder.Library})");
        }
    }

    /// <summary>Releases what nobody disposed.</summary>
    ~Bzip2StreamDecoder() => Dispose(false);

    /// <inheritdoc/>
    public override int Read(Span<byte> destination)
    {
        ObjectDisposedException.ThrowIf(_stream is null, this);
        int done = 0;
        fixed (byte* from = _source, to = destination)
        {
            while (done < destination.Length && !_isAtEnd)
            {
                _stream->NextIn = from + _next;
                _stream->AvailableIn = (uint)(_source.Length - _next);
                _stream->NextOut = to + done;
                _stream->AvailableOut = (uint)(destination.Length - done);
                int result = Bzip2Decoder.Decompress(_stream);
                Bzip2Decoder.CheckMemory(result);
                int written = destination.Length - done - (int)_stream->AvailableOut;
                int read = _source.Length - _next - (int)_stream->AvailableIn;
                done += written;
                _next += read;
                _isAtEnd = result == Bzip2Decoder.StreamEnd;
                if (!_isAtEnd && (result != Bzip2Decoder.Ok || (written == 0 && read == 0)))
                {
                    ImageFormatException.Throw(_format, _offset, "a block is damaged, or its CRC is wrong");
                }
            }
        }

        return done;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (_stream is not null)
        {
            _ = Bzip2Decoder.DecompressEnd(_stream);
            NativeMemory.Free(_stream);
            _stream = null;
        }
    }
}
