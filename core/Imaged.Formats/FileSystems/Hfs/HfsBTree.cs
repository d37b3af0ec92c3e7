using System.Buffers.Binary;
using System.Numerics;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Hfs;

/// <summary>A B-tree (Inside Macintosh: Files, "B*-Trees"; TN1150, "B-trees"): the catalog, the extents overflow file,
/// the attributes of HFS+. Thread-safe.</summary>
internal sealed class HfsBTree : IDisposable
{
    private const int MaxDepth = 16;
    private const int MinNodeLength = 512;
    private const int MaxNodeLength = 32768;
    private const uint VariableIndexKeys = 4;

    private readonly BlockSource _file;
    private readonly BlockCache _cache;
    private readonly HfsLayout _layout;
    private readonly int _owner;
    private readonly int _nodeLength;
    private readonly int _indexKeyRoom;
    private readonly uint _root;
    private readonly long _nodeCount;

    /// <summary>Opens a tree; takes over its file.</summary>
    /// <exception cref="ImageFormatException">Its header is damaged.</exception>
    public HfsBTree(BlockSource file, BlockCache cache, HfsLayout layout)
    {
        _file = file;
        _cache = cache;
        _layout = layout;
        _owner = cache.NewOwner();
        Span<byte> header = stackalloc byte[64];
        if (file.ReadUpTo(0, header) < header.Length || header[8] != HfsNode.Header)
        {
            ImageFormatException.Throw(_layout.Format, 0, "a B-tree has no header");
        }

        _root = BinaryPrimitives.ReadUInt32BigEndian(header[16..]);
        _nodeLength = BinaryPrimitives.ReadUInt16BigEndian(header[32..]);
        if (_nodeLength is < MinNodeLength or > MaxNodeLength || !BitOperations.IsPow2(_nodeLength))
        {
            ImageFormatException.Throw(_layout.Format, 32, $"nodes of {_nodeLength} bytes");
        }

        // HFS, whose keys in an index always have one length, has no such field: zero.
        uint attributes = BinaryPrimitives.ReadUInt32BigEndian(header[52..]);
        _indexKeyRoom = (attributes & VariableIndexKeys) != 0 ? 0 : BinaryPrimitives.ReadUInt16BigEndian(header[34..]);
        _nodeCount = file.Length / _nodeLength;
    }

    /// <summary>All leaf records from the first one on whose key does not stand before what is looked for. The order is
    /// only asked about keys that stand sorted by it.</summary>
    /// <exception cref="ImageFormatException">The tree is damaged.</exception>
    public IEnumerable<(HfsNode Node, int Index)> From(HfsKeyOrder order)
    {
        if (_root == 0)
        {
            yield break;
        }

        (HfsNode node, int index) = Seek(order);
        long nodes = 0;
        while (true)
        {
            for (; index < node.Count; index++)
            {
                yield return (node, index);
            }

            if (node.Next == 0)
            {
                yield break;
            }

            if (++nodes > _nodeCount)
            {
                ImageFormatException.Throw(_layout.Format, 0, "the leaves of a B-tree are linked in a circle");
            }

            node = ReadLeaf(node.Next);
            index = 0;
        }
    }

    /// <summary>A leaf by its number.</summary>
    /// <exception cref="ImageFormatException">There is none.</exception>
    public HfsNode ReadLeaf(uint number)
    {
        HfsNode node = ReadNode(number);
        if (node.Kind != HfsNode.Leaf)
        {
            ImageFormatException.Throw(_layout.Format, 0, $"node {number} is no leaf");
        }

        return node;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _cache.Forget(_owner);
        _file.Dispose();
    }

    private (HfsNode Node, int Index) Seek(HfsKeyOrder order)
    {
        uint number = _root;
        for (int depth = 0; depth < MaxDepth; depth++)
        {
            HfsNode node = ReadNode(number);
            bool isLeaf = node.Kind == HfsNode.Leaf;
            int low = 0;
            int high = node.Count;
            while (low < high)
            {
                int middle = (low + high) / 2;
                if (order(node.Read(middle, isLeaf ? 0 : _indexKeyRoom, out _)) < 0)
                {
                    low = middle + 1;
                }
                else
                {
                    high = middle;
                }
            }

            if (isLeaf)
            {
                return (node, low);
            }

            if (node.Kind != HfsNode.Index || node.Count == 0)
            {
                break;
            }

            // What is looked for may begin inside the node before the first one that begins with it.
            node.Read(Math.Max(low - 1, 0), _indexKeyRoom, out ReadOnlySpan<byte> child);
            if (child.Length < sizeof(uint))
            {
                break;
            }

            number = BinaryPrimitives.ReadUInt32BigEndian(child);
        }

        throw new ImageFormatException(
            _layout.Format, 0, $"node {number} does not belong to the index of its B-tree");
    }

    private HfsNode ReadNode(uint number)
    {
        if (number >= _nodeCount)
        {
            ImageFormatException.Throw(
                _layout.Format, 0, $"a B-tree has no node {number}, but {_nodeCount} nodes");
        }

        byte[] bytes = new byte[_nodeLength];
        _cache.Read(_owner, number, _nodeLength, 0, bytes, this, static (tree, block, node) =>
            tree._file.Read(block * node.Length, node));
        return new(number, bytes, _layout);
    }
}
