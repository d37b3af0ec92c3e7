using System.Diagnostics;
using System.Runtime.InteropServices;
using Imaged.Blocks;

namespace Imaged.Formats.Images.AndroidSparse;

/// <summary>The chunks of a sparse image, which follow each other in the image as they do in the file.</summary>
internal sealed class AndroidSparseSource : ChunkedSource
{
    private readonly List<Chunk> _chunks;

    /// <summary>Chunks that tile the image without a gap.</summary>
    public AndroidSparseSource(List<Chunk> chunks, long length, BlockCache cache)
        : base(cache)
    {
        _chunks = chunks;
        Length = length;
    }

    /// <inheritdoc/>
    public override long Length { get; }

    /// <inheritdoc/>
    protected override Chunk GetChunk(long offset)
    {
        ReadOnlySpan<Chunk> chunks = CollectionsMarshal.AsSpan(_chunks);
        (int low, int high) = (0, chunks.Length - 1);
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            (low, high) = chunks[middle].Offset <= offset ? (middle, high) : (low, middle - 1);
        }

        return chunks[low];
    }

    /// <inheritdoc/>
    protected override void Decode(in Chunk chunk, Span<byte> destination) =>
        throw new UnreachableException("no chunk of this format is encoded");
}
