using System.Runtime.InteropServices;
using Imaged.Formats.Model;

namespace Imaged.Formats.Codecs;

/// <summary>An xz stream or a bare LZMA one, decoded in one direction by the system's library, with dictionaries of up
/// to 64 MiB.</summary>
internal sealed unsafe class LzmaStreamDecoder : ForwardDecoder
{
    // The largest dictionary that xz makes by its presets, and what the decoder needs beside it.
    private const ulong MaxMemory = 80 << 20;

    private const int ActionRun = 0;
    private const int BufferError = 10;

    private readonly string _format;
    private readonly StreamInput _input;
    private readonly long _offset;
    private LzmaDecoder.LzmaStream* _stream;
    private bool _isAtEnd;

    private LzmaStreamDecoder(string format, StreamInput input, long offset, bool isAlone)
    {
        _format = format;
        _input = input;
        _offset = offset;

        // The library keeps the address of this structure.
        _stream = (LzmaDecoder.LzmaStream*)NativeMemory.AllocZeroed((nuint)sizeof(LzmaDecoder.LzmaStream));
        try
        {
            int result = isAlone
                ? LzmaDecoder.AloneDecoder(_stream, MaxMemory)
                : LzmaDecoder.StreamDecoder(_stream, MaxMemory, 0);
            if (result != LzmaDecoder.Ok)
            {
                throw new OutOfMemoryException("liblzma found no memory");
            }
        }
        catch (Exception error) when (error is DllNotFoundException or EntryPointNotFoundException)
        {
            NativeMemory.Free(_stream);
            _stream = null;
            throw LzmaDecoder.Missing(format);
        }
    }

    /// <summary>Releases what nobody disposed.</summary>
    ~LzmaStreamDecoder() => Dispose(false);

    /// <summary>A decoder of one xz stream.</summary>
    /// <param name="format">Who asks, for errors.</param>
    /// <param name="input">The stream and nothing behind it.</param>
    /// <param name="offset">Where in the file it stands, for errors.</param>
    /// <exception cref="UnsupportedFeatureException">The library is not installed.</exception>
    public static LzmaStreamDecoder OpenXz(string format, StreamInput input, long offset) =>
        new(format, input, offset, isAlone: false);

    /// <summary>A decoder of one LZMA stream with its header of 13 bytes; as <see cref="OpenXz"/>.</summary>
    public static LzmaStreamDecoder OpenAlone(string format, StreamInput input, long offset) =>
        new(format, input, offset, isAlone: true);

    /// <inheritdoc/>
    public override int Read(Span<byte> destination)
    {
        ObjectDisposedException.ThrowIf(_stream is null, this);
        fixed (byte* input = _input.Buffer, to = destination)
        {
            _stream->NextOut = to;
            _stream->AvailableOut = (nuint)destination.Length;
            while (_stream->AvailableOut > 0 && !_isAtEnd)
            {
                if (_input.Next >= _input.End)
                {
                    _input.Fill();
                }

                _stream->NextIn = input + _input.Next;
                _stream->AvailableIn = (nuint)(_input.End - _input.Next);
                int result = LzmaDecoder.Code(_stream, _input.HoldsEnd ? LzmaDecoder.ActionFinish : ActionRun);
                _input.Next = _input.End - (int)_stream->AvailableIn;
                LzmaDecoder.CheckMemory(_format, result, MaxMemory);
                _isAtEnd = result == LzmaDecoder.StreamEnd;
                if (result == BufferError && _input.IsAtEnd)
                {
                    ImageFormatException.Throw(_format, _offset, "the file is cut off");
                }

                if (!_isAtEnd && result != LzmaDecoder.Ok)
                {
                    ImageFormatException.Throw(_format, _offset, "what begins here is damaged, or its check is wrong");
                }
            }

            return destination.Length - (int)_stream->AvailableOut;
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (_stream is not null)
        {
            LzmaDecoder.End(_stream);
            NativeMemory.Free(_stream);
            _stream = null;
        }
    }
}
