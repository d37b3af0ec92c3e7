using Imaged.Blocks;
using Imaged.Formats.Images.Mapping;

namespace Imaged.Formats.Images.Vhd;

/// <summary>The blocks of a dynamic or differencing VHD (specification, "Block Allocation Table and Data Blocks"). Of a
/// dynamic one the bitmaps before the blocks say nothing that counts: what they leave out is zero in the block as
/// well.</summary>
internal sealed class VhdSource : MappedSource
{
    private const uint Unused = uint.MaxValue;
    private const int SectorLength = 512;

    // Bytes of a bitmap that are looked at for one chunk: 4 MiB of disk.
    private const int BitmapWindow = 1024;

    private readonly VhdHeader _header;
    private readonly bool _hasParent;

    /// <summary>The blocks; the file stays its owner's.</summary>
    public VhdSource(VhdFooter footer, VhdHeader header, BlockSource file, BlockCache cache)
        : base(VhdFormat.Info.Id, file, cache, footer.Length, header.BlockLength, 4)
    {
        _header = header;
        _hasParent = footer.Type == VhdType.Differencing;
    }

    /// <inheritdoc/>
    protected override EntryRun Locate(long index) =>
        EntryRun.At(_header.TableOffset + (ulong)(index * 4), long.MaxValue);

    /// <inheritdoc/>
    protected override Chunk Describe(in TableEntry entry)
    {
        uint value = entry.UInt32Big;
        if (value == Unused)
        {
            return Unallocated(entry);
        }

        ulong bitmap = value * (ulong)SectorLength;
        ulong data = bitmap + (ulong)_header.BitmapLength;
        return _hasParent ? DescribeSectors(entry, bitmap, data) : Stored(entry, ImageFile, data);
    }

    // A set bit is a sector of this image's own, a clear one is the parent's. The highest bit of a byte comes first.
    private Chunk DescribeSectors(in TableEntry entry, ulong bitmap, ulong data)
    {
        long unit = entry.Index * UnitLength;
        int first = (int)((entry.Wanted - unit) / SectorLength);
        int sectors = (int)((LengthOf(entry.Index) + SectorLength - 1) / SectorLength);
        int firstByte = first / 8;
        int count = Math.Min(BitmapWindow, ((sectors + 7) / 8) - firstByte);
        Span<byte> bits = stackalloc byte[BitmapWindow];
        bits = bits[..count];
        if (!TryReadTable(bitmap + (ulong)firstByte, bits))
        {
            return Damaged(entry, $"the bitmap at {bitmap} is not inside the file");
        }

        BitRun run = BitRun.Find(bits, first % 8, highestFirst: true);
        long begin = unit + (first * (long)SectorLength);
        long length = Math.Min(Math.Min(run.Length, sectors - first) * (long)SectorLength, Length - begin);
        return run.IsSet
            ? Stored(entry, begin, length, ImageFile, data + (ulong)(begin - unit))
            : Chunk.Unallocated(begin, length);
    }
}
