using System.Collections.Immutable;
using Imaged.Blocks;

namespace Imaged.Formats.Model;

/// <summary>What a probe found out about a volume.</summary>
/// <param name="FileSystem">Id of the file system, e.g. <c>iso9660</c>.</param>
/// <param name="Length">Length in bytes as the volume itself says, not checked against the source.</param>
public sealed record VolumeInfo(string FileSystem, long Length)
{
    /// <summary>Version or variant for people, e.g. <c>FAT16</c>, <c>2.50</c>, <c>ext4</c>; null when there is one
    /// only.</summary>
    public string? Version { get; init; }

    /// <summary>Label, as text, control characters included; null when there is none.</summary>
    public string? Label { get; init; }

    /// <summary>UUID or serial number as <c>blkid</c> prints it; null when there is none.</summary>
    public string? Uuid { get; init; }

    /// <summary>Type name of the kernel's driver for this very volume (<c>vfat</c>, <c>ext2</c> …); null for
    /// none.</summary>
    public string? KernelType { get; init; }

    /// <summary>Further facts for people, in order: name and value (<c>El Torito</c>, <c>Extensions</c> …).</summary>
    public ImmutableArray<KeyValuePair<string, string>> Details { get; init; } = [];

    /// <summary>Harmless oddities, one sentence each without a full stop (a journal that was not replayed …).</summary>
    public ImmutableArray<string> Warnings { get; init; } = [];
}

/// <summary>What is known of a file system without a volume.</summary>
/// <param name="Id">Short lower-case name, as given to <c>--fs</c>.</param>
/// <param name="Title">For people.</param>
/// <param name="CanRead">Whether imaged reads its files itself; else it is only recognised.</param>
public sealed record FileSystemInfo(string Id, string Title, bool CanRead);

/// <summary>How to open a file tree.</summary>
/// <param name="Cache">For decoded blocks, shared by all layers.</param>
public sealed record FileTreeOptions(BlockCache Cache)
{
    /// <summary>Which of several naming schemes, e.g. <c>rockridge</c>, <c>joliet</c>, <c>plain</c>; null for the best
    /// one there is.</summary>
    public string? Extensions { get; init; }

    /// <summary>Which session of a volume that has several, from 1; null for the last. Of a file system that holds
    /// several images or volumes the number of one; null for the first, of APFS for the first that is for
    /// users.</summary>
    public int? Session { get; init; }
}

/// <summary>A file system; registered by one line in <see cref="FileSystems"/>.</summary>
public interface IFileSystem
{
    /// <summary>Name and abilities.</summary>
    static abstract FileSystemInfo Info { get; }

    /// <summary>Looks whether the volume holds this file system; reads little, and nothing that grows with the
    /// volume.</summary>
    /// <returns>Null when it does not. Never throws for what the bytes say; the source's own errors pass.</returns>
    static abstract VolumeInfo? Probe(BlockSource volume);

    /// <summary>Opens the tree. The volume's source stays the caller's, and must outlive the tree.</summary>
    /// <exception cref="ImageFormatException">The volume is damaged.</exception>
    /// <exception cref="UnsupportedFeatureException">The volume is fine, imaged cannot do it.</exception>
    static abstract FileTree Open(BlockSource volume, FileTreeOptions options);
}
