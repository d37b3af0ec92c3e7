using Imaged.Blocks;
using Imaged.Formats.Images.Mapping;

namespace Imaged.Formats.Images.Vdi;

/// <summary>The blocks of a VDI that it stores itself.</summary>
internal sealed class VdiSource : MappedSource
{
    private const uint Free = 0xffff_ffff;
    private const uint Zeros = 0xffff_fffe;

    private readonly VdiHeader _header;

    /// <summary>The blocks; the file stays its owner's.</summary>
    public VdiSource(VdiHeader header, BlockSource file, BlockCache cache)
        : base(VdiFormat.Info.Id, file, cache, header.Length, header.BlockLength, 4)
    {
        _header = header;
    }

    /// <inheritdoc/>
    protected override EntryRun Locate(long index) =>
        EntryRun.At(_header.MapOffset + (ulong)(index * 4), long.MaxValue);

    /// <inheritdoc/>
    protected override Chunk Describe(in TableEntry entry)
    {
        uint block = entry.UInt32Little;
        ulong pitch = (ulong)(_header.BlockLength + _header.ExtraLength);
        return block switch
        {
            Free => Unallocated(entry),
            Zeros => Zero(entry),
            _ => Stored(entry, ImageFile, _header.DataOffset + (block * pitch) + (ulong)_header.ExtraLength),
        };
    }
}
