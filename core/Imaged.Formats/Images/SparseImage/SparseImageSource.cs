using Imaged.Blocks;

namespace Imaged.Formats.Images.SparseImage;

/// <summary>The disk of a sparse image: bands that are not stored are zero, and so is what the end of the file cuts
/// off.</summary>
internal sealed class SparseImageSource : ChunkedSource
{
    private readonly BlockSource _file;
    private readonly SparseImageIndex _index;

    /// <summary>Does not own the file.</summary>
    public SparseImageSource(BlockSource file, SparseImageIndex index, BlockCache cache)
        : base(cache)
    {
        _file = file;
        _index = index;
    }

    /// <inheritdoc/>
    public override long Length => _index.Length;

    /// <inheritdoc/>
    protected override Chunk GetChunk(long offset)
    {
        IReadOnlyList<SparseBand> bands = _index.Bands;
        long number = offset / _index.BandLength;
        int low = 0;
        int high = bands.Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (bands[middle].Number < number)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        long begin = number * _index.BandLength;
        long next = low < bands.Count ? bands[low].Number : long.MaxValue;
        if (next != number)
        {
            long end = next > Length / _index.BandLength ? Length : next * _index.BandLength;
            return Chunk.Unallocated(begin, end - begin);
        }

        long length = Math.Min(_index.BandLength, Length - begin);
        long stored = Math.Min(length, _file.Length - bands[low].Offset);
        return offset < begin + stored
            ? Chunk.Verbatim(begin, stored, _file, bands[low].Offset)
            : Chunk.Zero(begin + stored, length - stored);
    }

    /// <inheritdoc/>
    protected override void Decode(in Chunk chunk, Span<byte> destination) =>
        throw new InvalidOperationException("no band is encoded");
}
