using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Fuse.Abi;
using Imaged.Fuse.Session;

namespace Imaged.Fuse.Handlers;

/// <summary>A decoded image as the only file of a directory, for a loop device to stand on.</summary>
public sealed class DiskFileHandler : IFuseHandler
{
    /// <summary>Id of the file.</summary>
    public const ulong FileNode = 2;

    // Whoever may see the device sees its mode; the file below it is the superuser's business.
    private const ushort FilePermissions = 0x100; // 0400
    private const ushort DirectoryPermissions = 0x140; // 0500

    private const int BlockSize = 4096;

    // Enough to see that a sparse disk is one; the whole map may be long, and a mount waits for this.
    private const int ExaminedExtents = 1024;

    private readonly BlockSource _disk;
    private readonly byte[] _fileName;
    private readonly NodeInfo _root;
    private readonly NodeInfo _file;

    /// <summary>Shows <paramref name="disk"/>, which stays the caller's and must outlive the session.</summary>
    /// <param name="disk">The content.</param>
    /// <param name="fileName">Name of the file, 1 to 255 bytes.</param>
    /// <param name="modified">Shown as the times of the file.</param>
    public DiskFileHandler(BlockSource disk, byte[] fileName, Timestamp modified = default)
    {
        ArgumentOutOfRangeException.ThrowIfZero(fileName.Length, nameof(fileName));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(fileName.Length, 255, nameof(fileName));
        _disk = disk;
        _fileName = fileName;
        _root = new NodeInfo(IFuseHandler.RootNode, FileType.Directory, DirectoryPermissions, 0)
        {
            Links = 2,
            Accessed = modified,
            Modified = modified,
            Changed = modified,
        };
        _file = new NodeInfo(FileNode, FileType.Regular, FilePermissions, disk.Length)
        {
            AllocatedBytes = AllocatedBytes(disk),
            Accessed = modified,
            Modified = modified,
            Changed = modified,
        };
    }

    /// <inheritdoc/>
    public bool HasAttributes => false;

    /// <inheritdoc/>
    public bool HasCreationTimes => false;

    /// <inheritdoc/>
    public TreeStatistics Statistics => new(_disk.Length, 0, 2, BlockSize);

    /// <inheritdoc/>
    public FuseStatus Lookup(ulong directory, ReadOnlySpan<byte> name, out NodeInfo node)
    {
        node = _file;
        return directory == IFuseHandler.RootNode && name.SequenceEqual(_fileName) ? FuseStatus.Ok : FuseStatus.NoEntry;
    }

    /// <inheritdoc/>
    public FuseStatus GetNode(ulong node, out NodeInfo info)
    {
        info = node == FileNode ? _file : _root;
        return node is FileNode or IFuseHandler.RootNode ? FuseStatus.Ok : FuseStatus.NoEntry;
    }

    /// <inheritdoc/>
    public FuseStatus ReadLink(ulong node, Span<byte> target, out int length)
    {
        length = 0;
        return FuseStatus.Invalid;
    }

    /// <inheritdoc/>
    public FuseStatus Open(ulong node) => node == FileNode ? FuseStatus.Ok : FuseStatus.IsDirectory;

    /// <inheritdoc/>
    public FuseStatus Read(ulong node, long offset, Span<byte> destination, out int count)
    {
        count = 0;
        if (node != FileNode)
        {
            return FuseStatus.IsDirectory;
        }

        count = _disk.ReadUpTo(offset, destination);
        return FuseStatus.Ok;
    }

    /// <inheritdoc/>
    public FuseStatus Seek(ulong node, long offset, bool hole, out long result)
    {
        result = 0;
        return node == FileNode ? ExtentSeek.Seek(_disk, offset, hole, out result) : FuseStatus.Invalid;
    }

    /// <inheritdoc/>
    public FuseStatus ReadDirectory(ulong directory, long offset, ref DirectoryReply reply)
    {
        if (directory != IFuseHandler.RootNode)
        {
            return FuseStatus.NotDirectory;
        }

        DotEntries.Add(_root, _root, ref offset, ref reply);
        if (offset == DotEntries.Count)
        {
            reply.TryAdd(_fileName, _file, offset + 1);
        }

        return FuseStatus.Ok;
    }

    /// <inheritdoc/>
    public FuseStatus GetAttribute(ulong node, ReadOnlySpan<byte> name, Span<byte> value, out int length)
    {
        length = 0;
        return FuseStatus.NoData;
    }

    /// <inheritdoc/>
    public FuseStatus ListAttributes(ulong node, Span<byte> names, out int length)
    {
        length = 0;
        return FuseStatus.Ok;
    }

    // Copying programs look for holes only in a file that takes less room than its length.
    private static long AllocatedBytes(BlockSource disk)
    {
        long bytes = disk.Length;
        try
        {
            long offset = 0;
            for (int i = 0; i < ExaminedExtents && offset < disk.Length; i++)
            {
                Extent extent = disk.GetExtent(offset);
                bytes -= extent.Kind == ExtentKind.Data ? 0 : extent.Length;
                offset = extent.End;
            }
        }
        catch (IOException)
        {
            // A damaged map matters to those who read there.
        }

        return bytes;
    }
}
