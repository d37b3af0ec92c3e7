using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Xz;

/// <summary>What the blocks of a file decode to. The check of each block is verified whenever it is decoded.</summary>
internal sealed class XzSource : ChunkedSource
{
    private readonly BlockSource _file;
    private readonly XzBlock[] _blocks;

    /// <summary>Does not own the file.</summary>
    public XzSource(BlockSource file, XzBlock[] blocks, BlockCache cache)
        : base(cache)
    {
        _file = file;
        _blocks = blocks;
        Length = blocks[^1].Offset + blocks[^1].Length;
    }

    /// <inheritdoc/>
    public override long Length { get; }

    /// <inheritdoc/>
    protected override Chunk GetChunk(long offset)
    {
        int low = 0;
        int high = _blocks.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_blocks[middle].Offset <= offset)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return Chunk.Encoded(low - 1, _blocks[low - 1].Offset, _blocks[low - 1].Length);
    }

    /// <inheritdoc/>
    protected override void Decode(in Chunk chunk, Span<byte> destination)
    {
        XzBlock block = _blocks[chunk.Index];
        ReadOnlySpan<byte> flags = [0, (byte)block.Check];
        int count = XzBlockDecoder.Decode(
            XzFormat.Info.Id,
            flags,
            _file,
            block.StoredOffset,
            block.StoredLength,
            block.UnpaddedLength,
            destination);
        if (count != destination.Length)
        {
            ImageFormatException.Throw(
                XzFormat.Info.Id,
                block.StoredOffset,
                $"block {chunk.Index}, bytes {chunk.Offset} to {chunk.Offset + chunk.Length - 1} of the content, "
                + "is damaged");
        }
    }
}
