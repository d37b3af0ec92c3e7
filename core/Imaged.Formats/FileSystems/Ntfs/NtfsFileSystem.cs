using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Ntfs;

/// <summary>NTFS of Windows NT 3.1 and later.</summary>
internal sealed class NtfsFileSystem : IFileSystem
{
    public const string Id = "ntfs";

    // A probe reads a few records, once.
    private const int ProbeCache = 256 << 10;

    public static Model.FileSystemInfo Info { get; } = new(Id, "NTFS", CanRead: true);

    public static VolumeInfo? Probe(BlockSource volume)
    {
        if (NtfsBootSector.TryRead(volume) is not { } boot)
        {
            return null;
        }

        try
        {
            using NtfsVolume opened = new(volume, boot, new BlockCache(ProbeCache));
            return NtfsVolumeInfo.Describe(volume, boot, opened);
        }
        catch (ImageFormatException)
        {
            return NtfsVolumeInfo.Describe(volume, boot, null);
        }
    }

    public static FileTree Open(BlockSource volume, FileTreeOptions options)
    {
        NtfsBootSector boot = NtfsBootSector.TryRead(volume)
            ?? throw new ImageFormatException(Id, 0, "there is no NTFS boot sector that is sound");
        NtfsVolume opened = new(volume, boot, options.Cache);
        try
        {
            return new NtfsTree(opened, NtfsVolumeInfo.Describe(volume, boot, opened));
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }
}
