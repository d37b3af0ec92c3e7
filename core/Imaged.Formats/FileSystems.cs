using System.Collections.Immutable;
using Imaged.Blocks;
using Imaged.Formats.ExFat;
using Imaged.Formats.Apfs;
using Imaged.Formats.Ext;
using Imaged.Formats.Fat;
using Imaged.Formats.Hfs;
using Imaged.Formats.HfsPlus;
using Imaged.Formats.Iso9660;
using Imaged.Formats.Model;
using Imaged.Formats.Ntfs;
using Imaged.Formats.Signatures;
using Imaged.Formats.SquashFs;
using Imaged.Formats.Udf;
using Imaged.Formats.Wim;

namespace Imaged.Formats;

/// <summary>One registered file system.</summary>
/// <param name="Info">Name and abilities.</param>
/// <param name="Probe">As <see cref="IFileSystem.Probe"/>.</param>
/// <param name="Open">As <see cref="IFileSystem.Open"/>.</param>
public sealed record FileSystemEntry(
    Model.FileSystemInfo Info, Func<BlockSource, VolumeInfo?> Probe, Func<BlockSource, FileTreeOptions, FileTree> Open)
{
    /// <summary>The entry of a file system.</summary>
    public static FileSystemEntry Of<T>()
        where T : IFileSystem => new(T.Info, T.Probe, T.Open);
}

/// <summary>All file systems. A new one is one folder and one line here.</summary>
public static class FileSystems
{
    /// <summary>In order of preference where a volume holds several (a bridge disc).</summary>
    public static readonly IReadOnlyList<FileSystemEntry> All =
    [
        // Before iso9660: where a disc has both, the ISO tree may be a stub, but UDF lists all files.
        FileSystemEntry.Of<UdfFileSystem>(),
        FileSystemEntry.Of<ExtFileSystem>(),
        FileSystemEntry.Of<SquashFsFileSystem>(),
        FileSystemEntry.Of<Iso9660FileSystem>(),
        FileSystemEntry.Of<FatFileSystem>(),
        FileSystemEntry.Of<ExFatFileSystem>(),
        FileSystemEntry.Of<HfsPlusFileSystem>(),
        FileSystemEntry.Of<WimFileSystem>(),
        FileSystemEntry.Of<NtfsFileSystem>(),
        FileSystemEntry.Of<HfsFileSystem>(),
        FileSystemEntry.Of<ApfsFileSystem>(),

        // Behind all that imaged reads itself: a RAID member or a cipher header says nothing of the files.
        .. VolumeSignatures.All.Select(signature => signature.ToEntry()),
    ];

    /// <summary>The file system with this id, or null.</summary>
    public static FileSystemEntry? Find(string id) =>
        All.FirstOrDefault(entry => entry.Info.Id.Equals(id, StringComparison.OrdinalIgnoreCase));

    /// <summary>The file systems on a volume, the preferred one first.</summary>
    public static ImmutableArray<VolumeInfo> Probe(BlockSource volume)
    {
        ImmutableArray<VolumeInfo>.Builder found = ImmutableArray.CreateBuilder<VolumeInfo>();
        foreach (FileSystemEntry entry in All)
        {
            if (entry.Probe(volume) is { } info)
            {
                found.Add(info);
            }
        }

        return found.ToImmutable();
    }

    /// <summary>Opens the tree of a volume.</summary>
    /// <param name="volume">Stays the caller's, and must outlive the tree.</param>
    /// <param name="fileSystemId">Which file system, when there are several; null for the preferred one.</param>
    /// <param name="options">How.</param>
    /// <exception cref="UnsupportedFeatureException">There is no file system, or none that imaged reads.</exception>
    public static FileTree Open(BlockSource volume, string? fileSystemId, FileTreeOptions options)
    {
        if (fileSystemId is not null)
        {
            return (Find(fileSystemId) ?? throw new UnsupportedFeatureException(fileSystemId, "this file system"))
                .Open(volume, options);
        }

        ImmutableArray<VolumeInfo> found = Probe(volume);
        if (found.IsEmpty)
        {
            throw new UnsupportedFeatureException("volume", "its file system (none was recognised)");
        }

        FileSystemEntry? readable = found.Select(info => Find(info.FileSystem)!).FirstOrDefault(e => e.Info.CanRead);
        return readable is null
            ? throw new UnsupportedFeatureException(found[0].FileSystem, "reading its files without the kernel")
            : readable.Open(volume, options);
    }
}
