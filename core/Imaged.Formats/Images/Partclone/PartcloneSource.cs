using System.Diagnostics;
using Imaged.Blocks;
using Imaged.Formats.Images.Mapping;

namespace Imaged.Formats.Images.Partclone;

/// <summary>The file system: used blocks stand in the file as they are, all others are zero.</summary>
internal sealed class PartcloneSource : ChunkedSource
{
    private readonly BlockSource _file;
    private readonly PartcloneHeader _header;
    private readonly PartcloneBitmap _bitmap;
    private readonly PartcloneLayout _layout;

    /// <summary>Owns the bitmap, not the file.</summary>
    public PartcloneSource(
        BlockSource file, PartcloneHeader header, PartcloneBitmap bitmap, PartcloneLayout layout, BlockCache cache)
        : base(cache)
    {
        _file = file;
        _header = header;
        _bitmap = bitmap;
        _layout = layout;
        Length = Math.Max(header.DeviceLength, BlocksLength);
    }

    /// <inheritdoc/>
    public override long Length { get; }

    // Bytes of all blocks: a device may end with some that are no whole block, which are not saved.
    private long BlocksLength => _header.BlockCount * _header.BlockLength;

    /// <inheritdoc/>
    protected override Chunk GetChunk(long offset)
    {
        if (offset >= BlocksLength)
        {
            return Chunk.Unallocated(BlocksLength, Length - BlocksLength);
        }

        long block = offset / _header.BlockLength;
        BitRun run = _bitmap.FindRun(block, out long stored);
        long begin = block * _header.BlockLength;
        if (!run.IsSet)
        {
            return Chunk.Unallocated(begin, (long)run.Length * _header.BlockLength);
        }

        // Up to the next checksum they follow each other.
        long count = Math.Min(run.Length, _layout.StripLength - (stored % _layout.StripLength));
        long storedOffset = _layout.OffsetOf(stored);
        long available = (_file.Length - storedOffset) / _header.BlockLength;
        if (available > 0)
        {
            return Chunk.Verbatim(begin, Math.Min(count, available) * _header.BlockLength, _file, storedOffset);
        }

        DamagedSource lost = new(
            PartcloneFormat.Info.Id,
            (ulong)Math.Min(storedOffset, _file.Length),
            $"block {block} is stored at byte {storedOffset}, behind the end of the file");
        return Chunk.Verbatim(begin, count * _header.BlockLength, lost, 0);
    }

    /// <inheritdoc/>
    protected override void Decode(in Chunk chunk, Span<byte> destination) =>
        throw new UnreachableException("no block is encoded");

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _bitmap.Dispose();
    }
}
