using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Images.Mapping;

namespace Imaged.Formats.Images.Vhdx;

/// <summary>The payload blocks of a VHDX (MS-VHDX 2.5). In the table an entry for a bitmap block stands behind those of
/// each chunk of payload blocks.</summary>
internal sealed class VhdxSource : MappedSource
{
    private const ulong OffsetMask = ~(VhdxFormat.Megabyte - 1ul);
    private const long SectorsOfChunk = 1 << 23;

    // Bytes of a bitmap that are looked at for one chunk: 4 MiB of disk with sectors of 512 bytes.
    private const int BitmapWindow = 1024;

    private readonly VhdxRegions _regions;
    private readonly VhdxMetadata _metadata;
    private readonly long _chunkRatio;

    /// <summary>The blocks; the file stays its owner's.</summary>
    public VhdxSource(VhdxRegions regions, VhdxMetadata metadata, BlockSource file, BlockCache cache)
        : base(VhdxFormat.Info.Id, file, cache, metadata.Length, metadata.BlockLength, 8)
    {
        _regions = regions;
        _metadata = metadata;
        _chunkRatio = SectorsOfChunk * metadata.SectorLength / metadata.BlockLength;
    }

    private enum BlockState
    {
        NotPresent = 0,
        Undefined = 1,
        Zero = 2,
        Unmapped = 3,

        // What "unmapped" was before the specification was finished.
        UnmappedDraft = 5,
        FullyPresent = 6,
        PartiallyPresent = 7,
    }

    /// <inheritdoc/>
    public override int SectorSize => _metadata.SectorLength;

    /// <inheritdoc/>
    protected override EntryRun Locate(long index)
    {
        ulong entry = (ulong)(index + (index / _chunkRatio)) * 8;
        long left = _chunkRatio - (index % _chunkRatio);
        ulong at = (ulong)_regions.BatOffset + entry;
        return entry + 8 > _regions.BatLength
            ? EntryRun.Damaged(at, left, $"the block allocation table of {_regions.BatLength} bytes ends before")
            : EntryRun.At(at, left);
    }

    /// <inheritdoc/>
    protected override Chunk Describe(in TableEntry entry)
    {
        ulong value = entry.UInt64Little;
        ulong offset = value & OffsetMask;
        var state = (BlockState)(value & 7);
        switch (state)
        {
            case BlockState.NotPresent:
                return Unallocated(entry);
            case BlockState.Undefined or BlockState.Zero or BlockState.Unmapped or BlockState.UnmappedDraft:
                return Zero(entry);
            case BlockState.FullyPresent when offset != 0:
                return Stored(entry, ImageFile, offset);
            case BlockState.PartiallyPresent when offset != 0 && _metadata.HasParent:
                return DescribeSectors(entry, offset);
            default:
                return Damaged(entry, $"the block at {offset} is in the state {(int)state}");
        }
    }

    // A set bit is a sector of this image's own, a clear one is the parent's. The lowest bit of a byte comes first. One
    // bitmap is for all blocks of a chunk.
    private Chunk DescribeSectors(in TableEntry entry, ulong data)
    {
        int sectorLength = _metadata.SectorLength;
        long unit = entry.Index * UnitLength;
        long first = (entry.Wanted - unit) / sectorLength;
        long sectors = LengthOf(entry.Index) / sectorLength;
        long chunk = entry.Index / _chunkRatio;
        ulong bitmapEntry = (ulong)_regions.BatOffset + (ulong)(((chunk + 1) * (_chunkRatio + 1)) - 1) * 8;
        Span<byte> raw = stackalloc byte[8];
        if (bitmapEntry + 8 > (ulong)_regions.BatOffset + _regions.BatLength || !TryReadTable(bitmapEntry, raw))
        {
            return Damaged(entry, "the block's bitmap is not in the table");
        }

        ulong bitmap = BinaryPrimitives.ReadUInt64LittleEndian(raw);
        long bit = (entry.Index % _chunkRatio * (UnitLength / sectorLength)) + first;
        int count = (int)Math.Min(BitmapWindow, ((sectors - first + (bit % 8)) + 7) / 8);
        Span<byte> bits = stackalloc byte[BitmapWindow];
        bits = bits[..count];
        if ((BlockState)(bitmap & 7) != BlockState.FullyPresent
            || !TryReadTable((bitmap & OffsetMask) + (ulong)(bit / 8), bits))
        {
            return Damaged(entry, $"the block's bitmap at {bitmap & OffsetMask} is not in the file");
        }

        BitRun run = BitRun.Find(bits, (int)(bit % 8), highestFirst: false);
        long offset = unit + (first * sectorLength);
        long length = Math.Min(run.Length, sectors - first) * sectorLength;
        return run.IsSet
            ? Stored(entry, offset, length, ImageFile, data + (ulong)(offset - unit))
            : Chunk.Unallocated(offset, length);
    }
}
