using Imaged.Formats.Model;
using Imaged.Ipc.Contract;

namespace Imaged.Worker.Run;

/// <summary>Lists nodes of a tree in the words of the contract.</summary>
internal sealed class EntryLister
{
    // A batch of entries stays far below the limit of a message.
    private const int BatchLength = 256;
    private const int MaxDepth = 1024;

    private readonly FileTree _tree;
    private readonly Action<IReadOnlyList<Entry>> _send;
    private readonly List<Entry> _batch = [];

    /// <summary>A lister.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="send">Takes a full batch.</param>
    public EntryLister(FileTree tree, Action<IReadOnlyList<Entry>> send)
    {
        _tree = tree;
        _send = send;
    }

    /// <summary>Lists what is in a directory, and below it when <paramref name="recursive"/>; or one file.</summary>
    /// <returns>The last batch, which has not been sent.</returns>
    public IReadOnlyList<Entry> List(NodeInfo node, byte[] name, bool recursive)
    {
        if (node.Type == FileType.Directory)
        {
            ListDirectory(node, [], recursive, 0);
        }
        else
        {
            Add(node, name);
        }

        return [.. _batch];
    }

    private void ListDirectory(NodeInfo directory, byte[] path, bool recursive, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new ImageFormatException("tree", 0, $"directories are nested more than {MaxDepth} deep");
        }

        foreach (DirectoryEntry entry in _tree.ReadDirectory(directory.Id, 0))
        {
            byte[] full = path.Length == 0 ? entry.Name.ToArray() : [.. path, (byte)'/', .. entry.Name.Span];
            Add(entry.Node, full);
            if (recursive && entry.Node.Type == FileType.Directory)
            {
                ListDirectory(entry.Node, full, recursive, depth + 1);
            }
        }
    }

    private void Add(NodeInfo node, byte[] path)
    {
        ReadOnlyMemory<byte>? target = node.Type == FileType.SymbolicLink ? TryReadLink(node) : null;
        bool isDevice = node.Type is FileType.BlockDevice or FileType.CharacterDevice;
        _batch.Add(new Entry
        {
            Path = TreeText.Of(path),
            PathBytes = TreeText.IsUtf8(path) ? null : path,
            Type = TypeOf(node.Type),
            Mode = node.Permissions,
            Uid = node.Uid,
            Gid = node.Gid,
            Links = Math.Max(1, node.Links),
            Size = node.Size,
            Modified = node.Modified.Seconds,
            ModifiedNs = (int)node.Modified.Nanoseconds,
            Inode = unchecked((long)(node.Inode == 0 ? node.Id : node.Inode)),
            DeviceMajor = isDevice ? node.DeviceMajor : null,
            DeviceMinor = isDevice ? node.DeviceMinor : null,
            Target = target is { } text ? TreeText.Of(text.Span) : null,
            TargetBytes = target is { } bytes && !TreeText.IsUtf8(bytes.Span) ? bytes.ToArray() : null,
        });
        if (_batch.Count == BatchLength)
        {
            _send([.. _batch]);
            _batch.Clear();
        }
    }

    // One damaged link does not keep the others from being listed.
    private ReadOnlyMemory<byte>? TryReadLink(NodeInfo node)
    {
        try
        {
            return _tree.ReadLink(node.Id);
        }
        catch (Exception error) when (error is ImageFormatException or UnsupportedFeatureException)
        {
            return null;
        }
    }

    private static EntryType TypeOf(FileType type) => type switch
    {
        FileType.Directory => EntryType.Directory,
        FileType.SymbolicLink => EntryType.Symlink,
        FileType.Fifo => EntryType.Fifo,
        FileType.Socket => EntryType.Socket,
        FileType.CharacterDevice => EntryType.Char,
        FileType.BlockDevice => EntryType.Block,
        _ => EntryType.File,
    };
}
