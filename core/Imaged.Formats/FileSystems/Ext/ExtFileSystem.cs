using System.Collections.Immutable;
using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Ext;

/// <summary>ext2, ext3 and ext4.</summary>
internal sealed class ExtFileSystem : IFileSystem
{
    public const string Id = "ext";

    private const int StateClean = 1;
    private const int StateErrors = 2;

    public static Model.FileSystemInfo Info { get; } = new(Id, "ext2, ext3, ext4", CanRead: true);

    public static VolumeInfo? Probe(BlockSource volume) =>
        ExtSuperblock.Read(volume) is { } superblock && !superblock.Has(ExtIncompatible.JournalDevice)
            ? Describe(superblock, volume, [])
            : null;

    public static FileTree Open(BlockSource volume, FileTreeOptions options)
    {
        ExtSuperblock? superblock = ExtSuperblock.Read(volume);
        if (superblock is null)
        {
            ImageFormatException.Throw(
                Id, ExtSuperblock.Offset + 0x38, $"there is no superblock with magic number {ExtSuperblock.Magic:x4}");
        }

        ExtIncompatible unknown = superblock.Incompatible & ~ExtFeatures.Known;
        if (unknown != 0)
        {
            UnsupportedFeatureException.Throw(Id, $"the feature {ExtFeatures.Describe(unknown)}");
        }

        superblock.CheckGeometry();
        ImmutableArray<string> damaged = ExtGroups.Verify(superblock, volume);
        ExtVolume opened = new(volume, superblock, options.Cache);
        try
        {
            return new ExtTree(opened, Describe(superblock, volume, damaged));
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    private static VolumeInfo Describe(ExtSuperblock superblock, BlockSource volume, ImmutableArray<string> warnings)
    {
        string variant = superblock.Variant;
        string label = superblock.Label.TrimEnd();
        return new VolumeInfo(Id, superblock.VolumeLength)
        {
            Version = variant,
            KernelType = variant == "ext4dev" ? "ext4" : variant,
            Label = label.Length == 0 ? null : label,
            Uuid = superblock.Uuid.AsSpan().ContainsAnyExcept((byte)0)
                ? new Guid(superblock.Uuid, bigEndian: true).ToString("D")
                : null,
            Details = Details(superblock),
            Warnings = [.. Warnings(superblock, volume), .. warnings],
        };
    }

    private static ImmutableArray<KeyValuePair<string, string>> Details(ExtSuperblock superblock)
    {
        ImmutableArray<KeyValuePair<string, string>>.Builder details =
            ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        if (superblock.VolumeLength > 0)
        {
            details.Add(new("Block size", superblock.BlockSize.ToString(CultureInfo.InvariantCulture)));
        }

        details.Add(new("Inode size", superblock.InodeSize.ToString(CultureInfo.InvariantCulture)));
        details.Add(new("Revision", $"{superblock.Revision}.{superblock.MinorRevision}"));
        if (superblock.LastMountedOn.Length > 0)
        {
            details.Add(new("Last mounted on", superblock.LastMountedOn));
        }

        details.Add(new("Features", ExtFeatures.Describe(superblock)));
        return details.ToImmutable();
    }

    private static IEnumerable<string> Warnings(ExtSuperblock superblock, BlockSource volume)
    {
        if (superblock.Has(ExtIncompatible.Recover))
        {
            yield return
                "the journal holds changes that were not written back: the tree is shown as of the last checkpoint";
        }
        else if ((superblock.State & StateClean) == 0)
        {
            yield return "the file system was not unmounted cleanly";
        }

        if ((superblock.State & StateErrors) != 0)
        {
            yield return "the file system is marked as having errors";
        }

        if (!superblock.ChecksumMatches)
        {
            yield return "the checksum of the superblock is wrong";
        }

        if (superblock.VolumeLength > volume.Length)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"the volume ends at byte {volume.Length}, the file system at byte {superblock.VolumeLength}");
        }
    }
}
