using System.Collections.Immutable;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.TestKit;

/// <summary>A file tree that a test builds. Ids are given in the order of adding from <see cref="RootId"/> on; a cookie
/// is the number of entries before.</summary>
public sealed class MemoryTree : FileTree
{
    /// <summary>Id of the root: neither 0 nor 1.</summary>
    public const ulong RootId = 100;

    private readonly List<Node> _nodes = [];

    /// <summary>A tree with an empty root directory.</summary>
    public MemoryTree()
    {
        AddNode(new(RootId, FileType.Directory, 0x1ED /* 0755 */, 0) { Links = 2 });
    }

    /// <inheritdoc/>
    public override VolumeInfo Volume { get; } = new("memory", 1 << 20);

    /// <inheritdoc/>
    public override NodeInfo Root => _nodes[0].Info;

    /// <inheritdoc/>
    public override bool HasAttributes => _nodes.Any(node => node.Attributes.Count > 0);

    /// <summary>Number of files that were opened.</summary>
    public int Opened { get; private set; }

    /// <summary>Adds a directory.</summary>
    public ulong AddDirectory(ulong parent, string name, Func<NodeInfo, NodeInfo>? change = null) =>
        Add(parent, Encoding.UTF8.GetBytes(name), new(NextId, FileType.Directory, 0x1ED, 0) { Links = 2 }, change);

    /// <summary>Adds a file.</summary>
    public ulong AddFile(ulong parent, string name, BlockSource content, Func<NodeInfo, NodeInfo>? change = null) =>
        AddFile(parent, Encoding.UTF8.GetBytes(name), content, change);

    /// <summary>Adds a file with any bytes as its name.</summary>
    public ulong AddFile(ulong parent, byte[] name, BlockSource content, Func<NodeInfo, NodeInfo>? change = null)
    {
        NodeInfo info = new(NextId, FileType.Regular, 0x1A4 /* 0644 */, content.Length) { AllocatedBytes = -1 };
        ulong id = Add(parent, name, info, change);
        Find(id).Content = content;
        return id;
    }

    /// <summary>Adds a symbolic link.</summary>
    public ulong AddLink(ulong parent, string name, string target)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(target);
        NodeInfo info = new(NextId, FileType.SymbolicLink, 0x1FF /* 0777 */, bytes.Length);
        ulong id = Add(parent, Encoding.UTF8.GetBytes(name), info, null);
        Find(id).Target = bytes;
        return id;
    }

    /// <summary>Adds a node of any other type.</summary>
    public ulong AddSpecial(ulong parent, string name, FileType type, Func<NodeInfo, NodeInfo>? change = null) =>
        Add(parent, Encoding.UTF8.GetBytes(name), new(NextId, type, 0x1A4, 0), change);

    /// <summary>Adds a further name of a node.</summary>
    public void AddHardLink(ulong parent, string name, ulong node)
    {
        Node found = Find(node);
        found.Info = found.Info with { Links = Math.Max(1, found.Info.Links) + 1 };
        Find(parent).Entries.Add((Encoding.UTF8.GetBytes(name), node));
    }

    /// <summary>Gives a node an extended attribute.</summary>
    public void SetAttribute(ulong node, string name, byte[] value) => Find(node).Attributes[name] = value;

    /// <summary>Makes all calls on a node fail.</summary>
    public void Break(ulong node, Exception error) => Find(node).Error = error;

    /// <inheritdoc/>
    public override NodeInfo GetNode(ulong node) => Use(node).Info;

    /// <inheritdoc/>
    public override bool TryLookup(ulong directory, ReadOnlySpan<byte> name, out NodeInfo node)
    {
        foreach ((byte[] entry, ulong id) in Use(directory).Entries)
        {
            if (name.SequenceEqual(entry))
            {
                node = Find(id).Info;
                return true;
            }
        }

        node = default;
        return false;
    }

    /// <inheritdoc/>
    public override IEnumerable<DirectoryEntry> ReadDirectory(ulong directory, long cookie)
    {
        Node node = Use(directory);
        for (int i = (int)Math.Min(cookie, int.MaxValue); i < node.Entries.Count; i++)
        {
            yield return new(node.Entries[i].Name, Find(node.Entries[i].Id).Info, i + 1);
        }
    }

    /// <inheritdoc/>
    public override BlockSource OpenFile(ulong node)
    {
        BlockSource content = Use(node).Content
            ?? throw new ImageFormatException("memory", 0, $"node {node} is no file");
        Opened++;
        return new SliceSource(content, 0, content.Length);
    }

    /// <inheritdoc/>
    public override ReadOnlyMemory<byte> ReadLink(ulong node) => Use(node).Target;

    /// <inheritdoc/>
    public override ImmutableArray<string> ListAttributes(ulong node) => [.. Use(node).Attributes.Keys];

    /// <inheritdoc/>
    public override byte[]? GetAttribute(ulong node, string name) => Use(node).Attributes.GetValueOrDefault(name);

    private ulong NextId => RootId + (ulong)_nodes.Count;

    private ulong Add(ulong parent, byte[] name, NodeInfo info, Func<NodeInfo, NodeInfo>? change)
    {
        AddNode(change is null ? info : change(info));
        Find(parent).Entries.Add((name, info.Id));
        return info.Id;
    }

    private void AddNode(NodeInfo info) => _nodes.Add(new(info));

    private Node Find(ulong id) => id >= RootId && id - RootId < (ulong)_nodes.Count
        ? _nodes[(int)(id - RootId)]
        : throw new ImageFormatException("memory", 0, $"there is no node {id}");

    private Node Use(ulong id)
    {
        Node node = Find(id);
        return node.Error is null ? node : throw node.Error;
    }

    private sealed class Node(NodeInfo info)
    {
        public NodeInfo Info { get; set; } = info;

        public List<(byte[] Name, ulong Id)> Entries { get; } = [];

        public BlockSource? Content { get; set; }

        public byte[] Target { get; set; } = [];

        public SortedDictionary<string, byte[]> Attributes { get; } = new(StringComparer.Ordinal);

        public Exception? Error { get; set; }
    }
}
