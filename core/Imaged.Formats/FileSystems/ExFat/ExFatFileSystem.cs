using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.ExFat;

/// <summary>exFAT, also with a second FAT (TexFAT).</summary>
internal sealed class ExFatFileSystem : IFileSystem
{
    public const string Id = "exfat";

    public static Model.FileSystemInfo Info { get; } = new(Id, "exFAT", CanRead: true);

    public static VolumeInfo? Probe(BlockSource volume) =>
        ExFatGeometry.TryRead(volume) is { } geometry
            ? ExFatVolume.Read(volume, geometry).Describe(volume, geometry)
            : null;

    public static FileTree Open(BlockSource volume, FileTreeOptions options)
    {
        ExFatGeometry geometry = ExFatGeometry.TryRead(volume)
            ?? throw new ImageFormatException(Id, 0, "there is no exFAT boot sector that is sound");
        return geometry.FatOffset + geometry.FatLength > volume.Length
            ? throw new ImageFormatException(Id, geometry.FatOffset, "the image ends inside the FAT")
            : new ExFatTree(volume, geometry, options.Cache);
    }
}
