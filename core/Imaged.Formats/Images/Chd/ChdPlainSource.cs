using Imaged.Blocks;
using Imaged.Formats.Images.Mapping;

namespace Imaged.Formats.Images.Chd;

/// <summary>The hunks of a CHD that is not compressed: its map has four bytes for each, the offset in hunks; 0 for what
/// the parent has, or zeros.</summary>
internal sealed class ChdPlainSource : MappedSource
{
    private readonly ChdHeader _header;

    /// <summary>The hunks, the last one whole; the file stays its owner's.</summary>
    public ChdPlainSource(ChdHeader header, BlockSource file, int sectorSize, BlockCache cache)
        : base(ChdFormat.Id, file, cache, header.HunkCount * header.HunkLength, header.HunkLength, sizeof(uint))
    {
        _header = header;
        SectorSize = sectorSize;
    }

    /// <inheritdoc/>
    public override int SectorSize { get; }

    /// <inheritdoc/>
    protected override EntryRun Locate(long index) =>
        EntryRun.At((ulong)_header.MapOffset + (ulong)(index * sizeof(uint)), long.MaxValue);

    /// <inheritdoc/>
    protected override Chunk Describe(in TableEntry entry) => entry.UInt32Big == 0
        ? Unallocated(entry)
        : Stored(entry, ImageFile, entry.UInt32Big * (ulong)UnitLength);
}
