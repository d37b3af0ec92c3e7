using System.Buffers.Binary;
using Imaged.Formats.Model;

namespace Imaged.Formats.Apfs;

/// <summary>A B-tree. Leaves are not linked, so they are walked by way of their parents. Thread-safe.</summary>
internal sealed class ApfsBTree
{
    private readonly ApfsBlocks _blocks;
    private readonly ulong _root;
    private readonly int _fixedKeyLength;
    private readonly Func<ulong, ulong>? _resolve;

    /// <summary>A tree.</summary>
    /// <param name="blocks">The container.</param>
    /// <param name="root">Block of its root.</param>
    /// <param name="fixedKeyLength">As of <see cref="ApfsNode"/>.</param>
    /// <param name="resolve">Block of the node with an id; null where the id is the block.</param>
    public ApfsBTree(ApfsBlocks blocks, ulong root, int fixedKeyLength, Func<ulong, ulong>? resolve)
    {
        _blocks = blocks;
        _root = root;
        _fixedKeyLength = fixedKeyLength;
        _resolve = resolve;
    }

    /// <summary>A node by its block.</summary>
    /// <exception cref="ImageFormatException">It is damaged.</exception>
    public ApfsNode Read(ulong address) => new(address, _blocks.ReadObject(address), _fixedKeyLength);

    /// <summary>All leaf records from the first one on whose key does not stand before what is looked for.</summary>
    /// <exception cref="ImageFormatException">The tree is damaged.</exception>
    public IEnumerable<(ApfsNode Node, int Index)> From(ApfsKeyOrder order)
    {
        Stack<(ApfsNode Node, int Index)> path = [];
        ApfsNode node = Read(_root);
        while (!node.IsLeaf)
        {
            // What is looked for may begin inside the node before the first one that begins with it.
            int child = Math.Max(LowerBound(node, order) - 1, 0);
            path.Push((node, child));
            node = Child(node, child);
        }

        int index = LowerBound(node, order);
        for (long nodes = 0; ; nodes++)
        {
            for (; index < node.Count; index++)
            {
                yield return (node, index);
            }

            if (NextLeaf(path) is not { } next)
            {
                yield break;
            }

            // Each has a block of its own.
            if (nodes > _blocks.Count)
            {
                ImageFormatException.Throw(ApfsFileSystem.Id, 0, "a tree has more leaves than the container blocks");
            }

            node = next;
            index = 0;
        }
    }

    /// <summary>The last record whose key does not stand behind what is looked for.</summary>
    /// <exception cref="ImageFormatException">The tree is damaged.</exception>
    public (ApfsNode Node, int Index)? FindLast(ApfsKeyOrder order)
    {
        ApfsNode node = Read(_root);
        while (true)
        {
            // The first one that stands behind it.
            int index = LowerBound(node, key => order(key) <= 0 ? -1 : 0) - 1;
            if (index < 0)
            {
                return null;
            }

            if (node.IsLeaf)
            {
                return (node, index);
            }

            node = Child(node, index);
        }
    }

    private static int LowerBound(ApfsNode node, ApfsKeyOrder order)
    {
        int low = 0;
        int high = node.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (order(node.Read(middle, out _)) < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }

    private ApfsNode? NextLeaf(Stack<(ApfsNode Node, int Index)> path)
    {
        while (path.TryPop(out (ApfsNode Node, int Index) parent))
        {
            if (parent.Index + 1 >= parent.Node.Count)
            {
                continue;
            }

            path.Push((parent.Node, parent.Index + 1));
            ApfsNode node = Child(parent.Node, parent.Index + 1);
            while (!node.IsLeaf)
            {
                path.Push((node, 0));
                node = Child(node, 0);
            }

            return node;
        }

        return null;
    }

    // Levels fall from node to node, so that no path is longer than they allow.
    private ApfsNode Child(ApfsNode parent, int index)
    {
        parent.Read(index, out ReadOnlySpan<byte> value);
        if (value.Length != sizeof(ulong))
        {
            ImageFormatException.Throw(
                ApfsFileSystem.Id, 0, $"record {index} of the node in block {parent.Address} names no child");
        }

        ulong id = BinaryPrimitives.ReadUInt64LittleEndian(value);
        ApfsNode node = Read(_resolve is null ? id : _resolve(id));
        if (node.Level != parent.Level - 1)
        {
            ImageFormatException.Throw(
                ApfsFileSystem.Id, 0, $"the node in block {node.Address} is no child of that in {parent.Address}");
        }

        return node;
    }
}
