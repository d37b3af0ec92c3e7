using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Shared;

namespace Imaged.Formats.Ntfs;

/// <summary>The clusters in use, from the file <c>$Bitmap</c>.</summary>
internal sealed class NtfsUsedBlocks : IUsedBlockMap
{
    private const int CacheLength = 4 << 20;

    public static string FileSystem => NtfsFileSystem.Id;

    public static UsedBlocks Read(BlockSource volume)
    {
        NtfsBootSector boot = NtfsBootSector.TryRead(volume)
            ?? throw new ImageFormatException(FileSystem, 0, "there is no boot sector");
        if (boot.VolumeLength > volume.Length)
        {
            return UsedBlocks.Whole(volume.Length, FileSystem, "the volume is shorter than the file system");
        }

        using NtfsVolume opened = new(volume, boot, new BlockCache(CacheLength));
        return NtfsVolumeInfo.FindDoubt(opened) is { } because
            ? UsedBlocks.Whole(volume.Length, FileSystem, because)
            : Read(opened);
    }

    private static UsedBlocks Read(NtfsVolume opened)
    {
        NtfsBootSector boot = opened.Boot;
        NtfsFile file = opened.OpenFile(new(NtfsVolume.BitmapNumber));
        NtfsAttribute? data = file.Find(NtfsAttributeType.Data);
        long length = (boot.ClusterCount + 7) / 8;
        if (data is null || data.Size < length || data.Initialized < length || data.Compression != 0)
        {
            ImageFormatException.Throw(FileSystem, file.Offset, $"$Bitmap has not the {length} bytes that it takes");
        }

        NtfsStream stream = file.FindStream(NtfsAttributeType.Data)!;
        ClusterChain chain = stream.Chain();
        if (chain.Damage is not null || chain.Length < length || chain.Runs.Any(run => run.IsHole))
        {
            // A hole would read as free clusters.
            ImageFormatException.Throw(FileSystem, file.Offset, chain.Damage ?? "$Bitmap has a hole");
        }

        BlockSet used = ClusterBitmap.NewSet(opened.Source, 0, boot.ClusterSize);
        using BlockSource bitmap = stream.Open();
        ClusterBitmap.Mark(used, bitmap, boot.ClusterCount, 0, boot.ClusterSize);

        // The volume has no count of its free clusters; but a bitmap that is none of this volume does not know where it
        // stands itself.
        if (!used.Contains(0, boot.ClusterSize) || !used.Contains(boot.MftOffset, boot.RecordSize)
            || !used.Contains(boot.MirrorOffset, boot.RecordSize)
            || !chain.Runs.All(run => used.Contains(run.VolumeOffset, run.Length)))
        {
            ImageFormatException.Throw(
                FileSystem, file.Offset, "$Bitmap leaves out itself or the master file table");
        }

        // Behind the last cluster: the copy of the boot sector.
        long end = boot.ClusterCount * boot.ClusterSize;
        used.Mark(end, opened.Source.Length - end);
        return new(FileSystem, used);
    }
}
