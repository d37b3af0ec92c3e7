using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Shared;
using Imaged.Formats.Signatures;

namespace Imaged.Formats.Hfs;

/// <summary>The allocation blocks in use, from the volume bitmap (Inside Macintosh: Files, "Volume Bitmaps").</summary>
internal sealed class HfsUsedBlocks : IUsedBlockMap
{
    private const int SectorSize = 512;
    private const int Inconsistent = 1 << 11;

    public static string FileSystem => HfsFileSystem.Id;

    public static UsedBlocks Read(BlockSource volume)
    {
        HfsMdb mdb = HfsMdb.TryRead(volume)
            ?? throw new ImageFormatException(FileSystem, 1024, "there is no master directory block");
        SignatureReader reader = new(volume, mdb.Offset);
        long length = (long)mdb.TotalBlocks * mdb.BlockLength;
        long bitmap = (long)reader.BigU16(14) * SectorSize;
        long bitmapLength = (mdb.TotalBlocks + 7) / 8;
        string? because = mdb.IsAlternate ? "its master directory block is damaged"
            : !mdb.IsClean ? "it was not unmounted cleanly"
            : (reader.BigU16(10) & Inconsistent) != 0 ? "it is marked as inconsistent"
            : mdb.FirstBlock + length > volume.Length ? "the volume is shorter than the file system"
            : null;
        if (because is not null)
        {
            return UsedBlocks.Whole(volume.Length, FileSystem, because);
        }

        if (bitmap <= mdb.Offset || bitmap + bitmapLength > mdb.FirstBlock)
        {
            ImageFormatException.Throw(
                FileSystem, mdb.Offset + 14, $"a bitmap at byte {bitmap}, allocation blocks at byte {mdb.FirstBlock}");
        }

        BlockSet used = ClusterBitmap.NewSet(volume, mdb.FirstBlock, mdb.BlockLength);
        using SliceSource bits = new(volume, bitmap, bitmapLength);
        long free = mdb.TotalBlocks - ClusterBitmap.Mark(
            used, bits, mdb.TotalBlocks, mdb.FirstBlock, mdb.BlockLength, isBigEndian: true);
        used.Mark(0, mdb.FirstBlock);
        used.Mark(mdb.FirstBlock + length, volume.Length - (mdb.FirstBlock + length));
        return free == mdb.FreeBlocks
            ? new(FileSystem, used)
            : UsedBlocks.Whole(
                volume.Length,
                FileSystem,
                $"its bitmap has {free} free blocks, but its master directory block says {mdb.FreeBlocks}");
    }
}
