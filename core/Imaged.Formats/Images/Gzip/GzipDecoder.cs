using Imaged.Formats.Codecs;

namespace Imaged.Formats.Images.Gzip;

/// <summary>The content of a file from a point on.</summary>
internal sealed class GzipDecoder : ForwardDecoder
{
    private readonly GzipReader _reader;

    // Of the last piece, what did not fit into the reader's buffer.
    private byte[] _rest = [];
    private int _restLength;

    /// <summary>A decoder of what the reader reads.</summary>
    public GzipDecoder(GzipReader reader)
    {
        _reader = reader;
    }

    /// <inheritdoc/>
    public override int Read(Span<byte> destination)
    {
        int done = Math.Min(_restLength, destination.Length);
        _rest.AsSpan(0, done).CopyTo(destination);
        _rest.AsSpan(done, _restLength - done).CopyTo(_rest);
        _restLength -= done;
        while (done < destination.Length)
        {
            ReadOnlySpan<byte> piece = _reader.Next();
            if (piece.IsEmpty)
            {
                break;
            }

            int count = Math.Min(piece.Length, destination.Length - done);
            piece[..count].CopyTo(destination[done..]);
            done += count;
            Keep(piece[count..]);
        }

        return done;
    }

    private void Keep(ReadOnlySpan<byte> rest)
    {
        if (rest.Length > _rest.Length)
        {
            _rest = new byte[rest.Length];
        }

        rest.CopyTo(_rest);
        _restLength = rest.Length;
    }
}
