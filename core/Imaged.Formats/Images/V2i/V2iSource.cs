using System.Diagnostics;
using Imaged.Blocks;
using Imaged.Formats.Images.Mapping;

namespace Imaged.Formats.Images.V2i;

/// <summary>The volume: what the map knows stands in the stream, all other sectors are zero.</summary>
internal sealed class V2iSource : ChunkedSource
{
    private readonly V2iStream _stream;
    private readonly V2iMap _map;
    private readonly long _dataOffset;

    /// <summary>Owns the stream.</summary>
    public V2iSource(V2iStream stream, V2iMap map, long dataOffset, BlockCache cache)
        : base(cache)
    {
        _stream = stream;
        _map = map;
        _dataOffset = dataOffset;
    }

    /// <inheritdoc/>
    public override long Length => _map.SectorCount * V2iMap.SectorLength;

    /// <inheritdoc/>
    protected override Chunk GetChunk(long offset)
    {
        long sector = offset / V2iMap.SectorLength;
        BitRun run = _map.FindRun(sector, out long stored);
        long begin = sector * V2iMap.SectorLength;
        long length = (long)run.Length * V2iMap.SectorLength;
        return run.IsSet
            ? Chunk.Verbatim(begin, length, _stream, _dataOffset + (stored * V2iMap.SectorLength))
            : Chunk.Unallocated(begin, length);
    }

    /// <inheritdoc/>
    protected override void Decode(in Chunk chunk, Span<byte> destination) =>
        throw new UnreachableException("sectors are decoded by the stream");

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _stream.Dispose();
    }
}
