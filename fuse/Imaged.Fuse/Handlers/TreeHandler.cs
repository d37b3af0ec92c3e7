using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using Imaged.Formats.Model;
using Imaged.Fuse.Abi;
using Imaged.Fuse.Session;

namespace Imaged.Fuse.Handlers;

/// <summary>Bounds of what a <see cref="TreeHandler"/> keeps.</summary>
/// <param name="OpenFiles">Files held open.</param>
/// <param name="Listings">Listings held open.</param>
public sealed record TreeHandlerOptions(int OpenFiles = 256, int Listings = 64);

/// <summary>The files of a volume.</summary>
public sealed class TreeHandler : IFuseHandler, IDisposable
{
    private const int MaxNameLength = 255;

    // XATTR_SIZE_MAX and XATTR_LIST_MAX of linux/limits.h.
    private const int MaxAttributeLength = 65536;

    private static readonly SearchValues<byte> Forbidden = SearchValues.Create("\0/"u8);

    private readonly FileTree _tree;
    private readonly ulong _rootId;
    private readonly OpenFileCache _files;
    private readonly DirectoryCursors _listings;
    private readonly AttributeDemand _demand = new();

    /// <summary>Shows a tree, which stays the caller's and must outlive the handler.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="options">Bounds.</param>
    public TreeHandler(FileTree tree, TreeHandlerOptions options)
    {
        _tree = tree;
        _rootId = tree.Root.Id;
        _files = new OpenFileCache(tree, options.OpenFiles);
        _listings = new DirectoryCursors(tree, options.Listings);
    }

    /// <inheritdoc/>
    public bool HasAttributes => _tree.HasAttributes;

    /// <inheritdoc/>
    public bool HasCreationTimes => true;

    /// <inheritdoc/>
    public TreeStatistics Statistics => _tree.Statistics;

    /// <inheritdoc/>
    public FuseStatus Lookup(ulong directory, ReadOnlySpan<byte> name, out NodeInfo node)
    {
        if (!_tree.TryLookup(ToTree(directory), name, out node))
        {
            return FuseStatus.NoEntry;
        }

        if (node.Type != FileType.Directory)
        {
            _demand.Add();
        }

        ToKernel(ref node);
        return FuseStatus.Ok;
    }

    /// <inheritdoc/>
    public FuseStatus GetNode(ulong node, out NodeInfo info)
    {
        info = _tree.GetNode(ToTree(node));
        ToKernel(ref info);
        return FuseStatus.Ok;
    }

    /// <inheritdoc/>
    public FuseStatus ReadLink(ulong node, Span<byte> target, out int length)
    {
        ReadOnlySpan<byte> bytes = _tree.ReadLink(ToTree(node)).Span;
        length = bytes.Length;
        if (length == 0 || !bytes.TryCopyTo(target))
        {
            return FuseStatus.InputOutput;
        }

        return FuseStatus.Ok;
    }

    /// <inheritdoc/>
    public FuseStatus Open(ulong node) => FuseStatus.Ok; // what is wrong with the file, READ will say

    /// <inheritdoc/>
    public FuseStatus Read(ulong node, long offset, Span<byte> destination, out int count)
    {
        OpenFileCache.OpenFile file = _files.Acquire(ToTree(node));
        try
        {
            count = file.Content!.ReadUpTo(offset, destination);
            return FuseStatus.Ok;
        }
        finally
        {
            _files.Release(file);
        }
    }

    /// <inheritdoc/>
    public FuseStatus Seek(ulong node, long offset, bool hole, out long result)
    {
        OpenFileCache.OpenFile file = _files.Acquire(ToTree(node));
        try
        {
            return ExtentSeek.Seek(file.Content!, offset, hole, out result);
        }
        finally
        {
            _files.Release(file);
        }
    }

    /// <inheritdoc/>
    public FuseStatus ReadDirectory(ulong directory, long offset, ref DirectoryReply reply)
    {
        ulong id = ToTree(directory);
        if (offset < DotEntries.Count)
        {
            NodeInfo self = id == _rootId ? _tree.Root : _tree.GetNode(id);
            if (!DotEntries.Add(self, id == _rootId ? self : null, ref offset, ref reply))
            {
                return FuseStatus.Ok;
            }
        }

        DirectoryCursors.Cursor? cursor = null;
        try
        {
            cursor = _listings.Take(id, offset - DotEntries.Count);
            Fill(cursor, ref reply);
        }
        catch (Exception) when (reply.Length > 0)
        {
            // What has been found is delivered; the next request meets the error at once and reports it.
            cursor?.Dispose();
            return FuseStatus.Ok;
        }
        catch (Exception)
        {
            cursor?.Dispose();
            throw;
        }

        _listings.GiveBack(cursor);
        return FuseStatus.Ok;
    }

    /// <inheritdoc/>
    public FuseStatus GetAttribute(ulong node, ReadOnlySpan<byte> name, Span<byte> value, out int length)
    {
        length = 0;
        byte[]? bytes = _tree.GetAttribute(ToTree(node), Encoding.UTF8.GetString(name));
        if (bytes is null)
        {
            return FuseStatus.NoData;
        }

        length = bytes.Length;
        if (length > MaxAttributeLength)
        {
            return FuseStatus.InputOutput;
        }

        bytes.AsSpan().TryCopyTo(value);
        return FuseStatus.Ok;
    }

    /// <inheritdoc/>
    public FuseStatus ListAttributes(ulong node, Span<byte> names, out int length)
    {
        ImmutableArray<string> list = _tree.ListAttributes(ToTree(node));
        length = 0;
        foreach (string name in list)
        {
            length += Encoding.UTF8.GetByteCount(name) + 1;
        }

        if (length > MaxAttributeLength)
        {
            return FuseStatus.InputOutput;
        }

        if (length <= names.Length)
        {
            foreach (string name in list)
            {
                int count = Encoding.UTF8.GetBytes(name, names);
                names[count] = 0;
                names = names[(count + 1)..];
            }
        }

        return FuseStatus.Ok;
    }

    /// <summary>Closes what is held open; no session uses the handler any more.</summary>
    public void Dispose()
    {
        _files.Dispose();
        _listings.Dispose();
    }

    private void Fill(DirectoryCursors.Cursor cursor, ref DirectoryReply reply)
    {
        while (cursor.Peek() is { } entry)
        {
            ReadOnlySpan<byte> name = entry.Name.Span;
            // The kernel would fail the whole listing for a name that cannot be one.
            if (name.Length is > 0 and <= MaxNameLength && !name.ContainsAny(Forbidden))
            {
                NodeInfo node = entry.Node;
                ToKernel(ref node);
                // Directories always: whoever lists a tree will look them up, and there are fewer of them.
                if (node.Type != FileType.Directory && !_demand.TryTake())
                {
                    node = node with { Id = 0, Inode = AttributeEncoder.InodeOf(node) };
                }

                if (!reply.TryAdd(name, node, checked(entry.NextCookie + DotEntries.Count)))
                {
                    return;
                }
            }

            cursor.Advance();
        }
    }

    private ulong ToTree(ulong node) => node == IFuseHandler.RootNode ? _rootId : node;

    private void ToKernel(ref NodeInfo node)
    {
        if (node.Id == _rootId)
        {
            node = node with { Id = IFuseHandler.RootNode, Inode = AttributeEncoder.InodeOf(node) };
        }
    }
}
