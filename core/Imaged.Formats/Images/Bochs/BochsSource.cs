using Imaged.Blocks;
using Imaged.Formats.Images.Mapping;

namespace Imaged.Formats.Images.Bochs;

/// <summary>The extents of a growing disk: before the data of each there is a bitmap of its sectors.</summary>
internal sealed class BochsSource : MappedSource
{
    private const int SectorLength = 512;
    private const uint Unused = uint.MaxValue;
    private const int BitmapWindow = 1024;

    private readonly BochsHeader _header;

    /// <summary>The extents; the file stays its owner's.</summary>
    public BochsSource(BochsHeader header, BlockSource file, BlockCache cache)
        : base(BochsFormat.Info.Id, file, cache, header.Length, header.ExtentLength, 4)
    {
        _header = header;
    }

    /// <inheritdoc/>
    protected override EntryRun Locate(long index) =>
        EntryRun.At((ulong)(_header.HeaderLength + (index * 4)), long.MaxValue);

    /// <inheritdoc/>
    protected override Chunk Describe(in TableEntry entry)
    {
        uint extent = entry.UInt32Little;
        if (extent == Unused)
        {
            return Unallocated(entry);
        }

        ulong bitmap = (ulong)_header.FirstExtent + (extent * (ulong)(_header.BitmapLength + _header.ExtentLength));
        long unit = entry.Index * UnitLength;
        long first = (entry.Wanted - unit) / SectorLength;
        long sectors = LengthOf(entry.Index) / SectorLength;
        int count = (int)Math.Min(BitmapWindow, (sectors + 7 - (first / 8 * 8)) / 8);
        Span<byte> bits = stackalloc byte[BitmapWindow];
        bits = bits[..count];
        if (!TryReadTable(bitmap + (ulong)(first / 8), bits))
        {
            return Damaged(entry, $"the bitmap at {bitmap} is not inside the file");
        }

        BitRun run = BitRun.Find(bits, (int)(first % 8), highestFirst: false);
        long begin = unit + (first * SectorLength);
        long length = Math.Min(run.Length, sectors - first) * SectorLength;
        return run.IsSet
            ? Stored(entry, begin, length, ImageFile, bitmap + (ulong)(_header.BitmapLength + begin - unit))
            : Chunk.Unallocated(begin, length);
    }
}
