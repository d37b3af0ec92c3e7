using System.Collections.Immutable;
using Imaged.Blocks;

namespace Imaged.Formats.Model;

/// <summary>The files of a volume, read only. All members may be called from any number of threads at once. Nothing is
/// kept from call to call but caches: a node id that another process handed out works as well (a worker that replaces a
/// dead one gets such ids). A damaged directory or file makes the calls on it throw, not those on others.</summary>
public abstract class FileTree : IDisposable
{
    /// <summary>The volume: label, UUID, sizes.</summary>
    public abstract VolumeInfo Volume { get; }

    /// <summary>The root directory.</summary>
    public abstract NodeInfo Root { get; }

    /// <summary>Space and files, for <c>statfs</c>.</summary>
    public virtual TreeStatistics Statistics => new(Volume.Length, 0, 0, 2048);

    /// <summary>The node with an id that this tree, or another instance for the same image, has handed out.</summary>
    /// <exception cref="ImageFormatException">There is no node with this id, or it is damaged.</exception>
    public abstract NodeInfo GetNode(ulong node);

    /// <summary>Looks a name up.</summary>
    /// <param name="directory">Id of a directory.</param>
    /// <param name="name">The bytes of the name; compared as the file system does (FAT: without regard to
    /// case).</param>
    /// <param name="node">What it stands for.</param>
    public abstract bool TryLookup(ulong directory, ReadOnlySpan<byte> name, out NodeInfo node);

    /// <summary>Lists a directory in an order that is always the same, without <c>.</c> and <c>..</c>.</summary>
    /// <param name="directory">Id of a directory.</param>
    /// <param name="cookie">0 for the beginning, or the <see cref="DirectoryEntry.NextCookie"/> of the entry before;
    /// must be found again in time that does not grow with the number of entries skipped, or only slightly.</param>
    public abstract IEnumerable<DirectoryEntry> ReadDirectory(ulong directory, long cookie);

    /// <summary>The content of a regular file. The caller disposes it; it must not outlive the tree.</summary>
    public abstract BlockSource OpenFile(ulong node);

    /// <summary>Target of a symbolic link: at most 4095 bytes, no NUL.</summary>
    public abstract ReadOnlyMemory<byte> ReadLink(ulong node);

    /// <summary>Names of the extended attributes with their namespace, e.g. <c>user.mime_type</c>.</summary>
    public virtual ImmutableArray<string> ListAttributes(ulong node) => [];

    /// <summary>Value of an extended attribute; null when there is none of this name.</summary>
    public virtual byte[]? GetAttribute(ulong node, string name) => null;

    /// <summary>Whether any node can have extended attributes; when false the kernel stops asking.</summary>
    public virtual bool HasAttributes => false;

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases caches; the volume's source belongs to the caller.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}

/// <summary>Space and files of a volume.</summary>
/// <param name="TotalBytes">Size of the volume in bytes.</param>
/// <param name="FreeBytes">Free bytes.</param>
/// <param name="Files">Number of nodes; 0 when unknown.</param>
/// <param name="BlockSize">Allocation unit in bytes.</param>
public readonly record struct TreeStatistics(long TotalBytes, long FreeBytes, long Files, int BlockSize);
