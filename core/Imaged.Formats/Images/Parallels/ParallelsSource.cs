using Imaged.Blocks;
using Imaged.Formats.Images.Mapping;

namespace Imaged.Formats.Images.Parallels;

/// <summary>The clusters of an expanding Parallels disk.</summary>
internal sealed class ParallelsSource : MappedSource
{
    private readonly ParallelsHeader _header;

    /// <summary>The clusters; the file stays its owner's.</summary>
    public ParallelsSource(ParallelsHeader header, BlockSource file, BlockCache cache)
        : base(ParallelsFormat.Info.Id, file, cache, header.Length, header.ClusterLength, 4)
    {
        _header = header;
    }

    /// <inheritdoc/>
    protected override EntryRun Locate(long index) =>
        EntryRun.At((ulong)(ParallelsHeader.Size + (index * 4)), long.MaxValue);

    /// <inheritdoc/>
    protected override Chunk Describe(in TableEntry entry)
    {
        uint value = entry.UInt32Little;
        return value == 0 ? Unallocated(entry) : Stored(entry, ImageFile, value * (ulong)_header.Unit);
    }
}
