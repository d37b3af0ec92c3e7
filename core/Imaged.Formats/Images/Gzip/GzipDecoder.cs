using Imaged.Formats.Codecs;

namespace Imaged.Formats.Images.Gzip;

/// <summary>The content of a file from a point on.</summary>
internal sealed class GzipDecoder : ForwardDecoder
{
    private readonly GzipReader _reader;

    /// <summary>A decoder of what the reader reads.</summary>
    public GzipDecoder(GzipReader reader)
    {
        _reader = reader;
    }

    /// <inheritdoc/>
    public override int Read(Span<byte> destination)
    {
        int done = 0;
        while (done < destination.Length)
        {
            ReadOnlySpan<byte> piece = _reader.Next();
            if (piece.IsEmpty)
            {
                break;
            }

            // A part ends at a point, and so does a piece: what is left over is of no use.
            int count = Math.Min(piece.Length, destination.Length - done);
            piece[..count].CopyTo(destination[done..]);
            done += count;
        }

        return done;
    }
}
