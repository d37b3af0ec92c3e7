using System.IO.Hashing;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Compressed;

/// <summary>Content with points so near to each other that what stands between two of them is decoded as a
/// whole.</summary>
internal sealed class PointSource : ChunkedSource
{
    private readonly string _format;
    private readonly SeekPoint[] _points;
    private readonly Func<SeekPoint, ForwardDecoder> _open;
    private readonly SemaphoreSlim _decoders;

    /// <summary>As of <see cref="CompressedImage.OpenContent"/>.</summary>
    public PointSource(
        string format,
        SeekPoint[] points,
        BlockCache cache,
        int decoderCount,
        Func<SeekPoint, ForwardDecoder> open)
        : base(cache)
    {
        _format = format;
        _points = points;
        _open = open;
        _decoders = new(decoderCount);
        Length = points[^1].Offset + points[^1].Length;
    }

    /// <inheritdoc/>
    public override long Length { get; }

    /// <summary>Index of the point whose part holds the byte at <paramref name="offset"/>.</summary>
    public static int Find(SeekPoint[] points, long offset)
    {
        int low = 0;
        int high = points.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (points[middle].Offset <= offset)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low - 1;
    }

    /// <inheritdoc/>
    protected override Chunk GetChunk(long offset)
    {
        int index = Find(_points, offset);
        return Chunk.Encoded(index, _points[index].Offset, (int)_points[index].Length);
    }

    /// <inheritdoc/>
    protected override void Decode(in Chunk chunk, Span<byte> destination)
    {
        SeekPoint point = _points[chunk.Index];
        _decoders.Wait();
        try
        {
            using ForwardDecoder decoder = _open(point);
            Span<byte> more = stackalloc byte[1];
            bool isWhole = decoder.Read(destination) == destination.Length
                && (point.StoredLength == 0 || decoder.Read(more) == 0)
                && (point.Check is not { } check || Crc32.HashToUInt32(destination) == check);
            if (!isWhole)
            {
                throw new ImageFormatException(
                    _format, point.StoredOffset, "what is decoded from here has changed, or is damaged");
            }
        }
        catch (ImageFormatException error)
        {
            long end = chunk.Offset + chunk.Length - 1;
            throw CompressedImage.Append(error, $"; bytes {chunk.Offset} to {end} of the content cannot be read");
        }
        finally
        {
            _decoders.Release();
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _decoders.Dispose();
    }
}
