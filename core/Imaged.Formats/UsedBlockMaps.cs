using System.Collections.Immutable;
using Imaged.Blocks;
using Imaged.Formats.Apfs;
using Imaged.Formats.Btrfs;
using Imaged.Formats.ExFat;
using Imaged.Formats.Ext;
using Imaged.Formats.Fat;
using Imaged.Formats.Hfs;
using Imaged.Formats.HfsPlus;
using Imaged.Formats.Lvm;
using Imaged.Formats.Model;
using Imaged.Formats.Ntfs;
using Imaged.Formats.Swap;
using Imaged.Formats.Xfs;

namespace Imaged.Formats;

/// <summary>One registered map.</summary>
/// <param name="FileSystem">As <see cref="IUsedBlockMap.FileSystem"/>.</param>
/// <param name="Read">As <see cref="IUsedBlockMap.Read"/>.</param>
public sealed record UsedBlockMapEntry(string FileSystem, Func<BlockSource, UsedBlocks> Read)
{
    /// <summary>The entry of a map.</summary>
    public static UsedBlockMapEntry Of<T>()
        where T : IUsedBlockMap => new(T.FileSystem, T.Read);
}

/// <summary>Which blocks of a volume a backup has to save. A file system whose maps imaged reads has one line here; any
/// other is saved as a whole.</summary>
public static class UsedBlockMaps
{
    /// <summary>All maps; their order does not matter.</summary>
    public static readonly IReadOnlyList<UsedBlockMapEntry> All =
    [
        UsedBlockMapEntry.Of<ApfsUsedBlocks>(),
        UsedBlockMapEntry.Of<BtrfsUsedBlocks>(),
        UsedBlockMapEntry.Of<ExFatUsedBlocks>(),
        UsedBlockMapEntry.Of<ExtUsedBlocks>(),
        UsedBlockMapEntry.Of<FatUsedBlocks>(),
        UsedBlockMapEntry.Of<HfsPlusUsedBlocks>(),
        UsedBlockMapEntry.Of<HfsUsedBlocks>(),
        UsedBlockMapEntry.Of<LvmUsedBlocks>(),
        UsedBlockMapEntry.Of<NtfsUsedBlocks>(),
        UsedBlockMapEntry.Of<SwapUsedBlocks>(),
        UsedBlockMapEntry.Of<XfsUsedBlocks>(),
    ];

    /// <summary>What of a volume has to be saved: never fewer bytes than are in use, and all of them where the volume
    /// is damaged, not cleanly unmounted, or unknown.</summary>
    /// <param name="volume">A volume that nobody writes to; stays the caller's.</param>
    /// <exception cref="IOException">The host could not deliver the bytes.</exception>
    public static UsedBlocks Read(BlockSource volume)
    {
        ImmutableArray<VolumeInfo> found = FileSystems.Probe(volume);
        if (found.Length != 1)
        {
            string because = found.IsEmpty
                ? "no file system was recognised"
                : $"several file systems were found: {string.Join(", ", found.Select(info => info.FileSystem))}";
            return UsedBlocks.Whole(volume.Length, null, because);
        }

        string id = found[0].FileSystem;
        UsedBlockMapEntry? entry = All.FirstOrDefault(entry => entry.FileSystem == id);
        if (entry is null)
        {
            string title = FileSystems.Find(id)!.Info.Title;
            return UsedBlocks.Whole(volume.Length, id, $"imaged has no map of what is in use for: {title}");
        }

        try
        {
            return entry.Read(volume);
        }
        catch (ImageFormatException error)
        {
            return UsedBlocks.Whole(volume.Length, id, error.Message);
        }
        catch (UnsupportedFeatureException error)
        {
            return UsedBlocks.Whole(volume.Length, id, error.Message);
        }
    }
}
