using Imaged.Blocks;
using Imaged.Formats.Model;
using FileSystemInfo = Imaged.Formats.Model.FileSystemInfo;

namespace Imaged.Formats.Fat;

/// <summary>FAT12, FAT16 and FAT32 with long names.</summary>
internal sealed class FatFileSystem : IFileSystem
{
    public const string Id = "fat";

    public static FileSystemInfo Info { get; } = new(Id, "FAT12, FAT16, FAT32", CanRead: true);

    public static VolumeInfo? Probe(BlockSource volume) =>
        FatGeometry.TryRead(volume, out FatGeometry? geometry) ? FatVolume.Describe(volume, geometry) : null;

    public static FileTree Open(BlockSource volume, FileTreeOptions options)
    {
        if (!FatGeometry.TryRead(volume, out FatGeometry? geometry))
        {
            throw new ImageFormatException(Id, 0, "there is no FAT boot sector");
        }

        return new FatTree(volume, geometry, options.Cache);
    }
}
