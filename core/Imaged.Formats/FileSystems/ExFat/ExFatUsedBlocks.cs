using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Shared;

namespace Imaged.Formats.ExFat;

/// <summary>The clusters in use, from the allocation bitmap.</summary>
internal sealed class ExFatUsedBlocks : IUsedBlockMap
{
    private const int KnownRevision = 1;

    public static string FileSystem => ExFatFileSystem.Id;

    public static UsedBlocks Read(BlockSource volume)
    {
        ExFatGeometry geometry = ExFatGeometry.TryRead(volume)
            ?? throw new ImageFormatException(FileSystem, 0, "there is no boot sector");
        string? because = geometry.Length > volume.Length ? "the volume is shorter than the file system"
            : geometry.IsDirty ? "it was not unmounted cleanly"
            : geometry.HasFailures ? "it is marked as having had read or write errors"
            : geometry.Revision.Major != KnownRevision ? $"version {geometry.Revision.Major} is not known"
            : geometry.BootDamage;
        if (because is not null)
        {
            return UsedBlocks.Whole(volume.Length, FileSystem, because);
        }

        ExFatVolume found = ExFatVolume.Read(volume, geometry);
        long length = (geometry.ClusterCount + 7L) / 8;
        long clusters = (length + geometry.ClusterSize - 1) / geometry.ClusterSize;
        ClusterTable table = new(volume, geometry);
        ClusterChain chain = table.ReadChain(found.BitmapCluster, clusters, mustEnd: false);
        ClusterChain root = table.ReadChain(geometry.RootCluster, geometry.ClusterCount, mustEnd: true);
        if (found.BitmapLength < (ulong)length || (chain.Damage ?? root.Damage) is not null)
        {
            string damage = chain.Damage ?? root.Damage ?? $"the bitmap has {found.BitmapLength} bytes, not {length}";
            ImageFormatException.Throw(FileSystem, geometry.DataOffset, damage);
        }

        BlockSet used = ClusterBitmap.NewSet(volume, geometry.DataOffset, geometry.ClusterSize);
        using ClusterSource bitmap = new(volume, chain, length, length, FileSystem, geometry.DataOffset);
        ClusterBitmap.Mark(used, bitmap, geometry.ClusterCount, geometry.DataOffset, geometry.ClusterSize);

        // The volume has no count of its free clusters; but a bitmap that is none of this volume does not know where it
        // stands itself.
        if (!chain.Runs.Concat(root.Runs).All(run => used.Contains(run.VolumeOffset, run.Length)))
        {
            ImageFormatException.Throw(
                FileSystem, chain.Runs[0].VolumeOffset, "the bitmap leaves out itself or the root directory");
        }

        long end = geometry.ClusterOffset(ClusterLayout.FirstCluster + geometry.ClusterCount);
        used.Mark(0, geometry.DataOffset);
        used.Mark(end, volume.Length - end);
        return new(FileSystem, used);
    }
}
