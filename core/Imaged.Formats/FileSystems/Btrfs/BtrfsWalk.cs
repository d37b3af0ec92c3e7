using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Btrfs;

/// <summary>Takes an item of a tree.</summary>
/// <param name="key">Its key.</param>
/// <param name="item">Its bytes.</param>
internal delegate void BtrfsVisitor(BtrfsKey key, ReadOnlySpan<byte> item);

/// <summary>One walk through the items of a tree, in the order of their keys. Keys only ever grow, so that no damage
/// makes it longer than the tree.</summary>
internal sealed class BtrfsWalk
{
    private const int HeaderLength = 101;
    private const int ItemLength = 25;
    private const int PointerLength = 33;
    private const int MaxLevel = 7;

    private readonly BlockSource _volume;
    private readonly BtrfsSuperblock _superblock;
    private readonly BtrfsChunks _chunks;
    private readonly BtrfsKey _first;
    private readonly BtrfsKey _last;
    private readonly BtrfsVisitor _visitor;
    private BtrfsKey? _previous;

    private BtrfsWalk(
        BlockSource volume,
        BtrfsSuperblock superblock,
        BtrfsChunks chunks,
        BtrfsKey first,
        BtrfsKey last,
        BtrfsVisitor visitor)
    {
        _volume = volume;
        _superblock = superblock;
        _chunks = chunks;
        _first = first;
        _last = last;
        _visitor = visitor;
    }

    /// <summary>Visits the items of a tree with keys from the first to the last one.</summary>
    /// <exception cref="ImageFormatException">The tree is damaged.</exception>
    /// <exception cref="UnsupportedFeatureException">It is on another device.</exception>
    public static void Run(
        BlockSource volume,
        BtrfsSuperblock superblock,
        BtrfsChunks chunks,
        BtrfsRoot root,
        BtrfsKey first,
        BtrfsKey last,
        BtrfsVisitor visitor)
    {
        if (root.Level > MaxLevel)
        {
            ImageFormatException.Throw(BtrfsSuperblock.Id, BtrfsSuperblock.Offset, $"a tree of {root.Level} levels");
        }

        new BtrfsWalk(volume, superblock, chunks, first, last, visitor).Visit(root, isRoot: true);
    }

    private void Visit(BtrfsRoot place, bool isRoot)
    {
        byte[] node = ReadNode(place);
        long count = U32(node, 0x60);
        long room = (node.Length - HeaderLength) / (place.Level == 0 ? ItemLength : PointerLength);
        Check(count <= room && (count > 0 || isRoot), place, $"a node of {count} items");
        for (int i = 0; i < count; i++)
        {
            if (place.Level == 0)
            {
                VisitItem(node, HeaderLength + (i * ItemLength), place);
                continue;
            }

            int at = HeaderLength + (i * PointerLength);
            BtrfsKey key = BtrfsKey.Parse(node.AsSpan(at));
            bool isBefore = i + 1 < count && BtrfsKey.Parse(node.AsSpan(at + PointerLength)).CompareTo(_first) <= 0;
            if (isBefore || key.CompareTo(_last) > 0)
            {
                continue;
            }

            ulong child = U64(node, at + BtrfsKey.Length);
            Check(child <= long.MaxValue, place, "a pointer leads nowhere");
            Visit(
                new((long)child, place.Level - 1, U64(node, at + BtrfsKey.Length + sizeof(ulong))), isRoot: false);
        }
    }

    private void VisitItem(byte[] node, int at, BtrfsRoot place)
    {
        BtrfsKey key = BtrfsKey.Parse(node.AsSpan(at));
        long offset = HeaderLength + (long)U32(node, at + BtrfsKey.Length);
        long length = U32(node, at + BtrfsKey.Length + sizeof(uint));
        Check(
            offset + length <= node.Length && (_previous is not { } previous || key.CompareTo(previous) > 0),
            place,
            "an item ends behind its node, or items are not sorted");
        _previous = key;
        if (key.CompareTo(_first) >= 0 && key.CompareTo(_last) <= 0)
        {
            _visitor(key, node.AsSpan((int)offset, (int)length));
        }
    }

    private byte[] ReadNode(BtrfsRoot place)
    {
        BtrfsChunk chunk = _chunks.Find(place.Logical, _superblock.NodeSize);
        if (chunk.Copies.Length == 0 || !chunk.IsMirrored)
        {
            UnsupportedFeatureException.Throw(BtrfsSuperblock.Id, "metadata that is on other devices");
        }

        long offset = chunk.Copies[0] + (place.Logical - chunk.Logical);
        Check(offset <= _volume.Length - _superblock.NodeSize, place, "a node lies behind the end of the volume");
        byte[] node = _volume.ReadBytes(offset, _superblock.NodeSize);
        bool isRight = !_superblock.HasCrc32C || ~Crc32C.Append(uint.MaxValue, node.AsSpan(32)) == U32(node, 0);
        Check(
            isRight && U64(node, 0x30) == (ulong)place.Logical && U64(node, 0x50) == place.Generation
            && node[0x64] == place.Level,
            place,
            "a node is damaged");
        return node;
    }

    private static void Check(bool condition, BtrfsRoot place, string message)
    {
        if (!condition)
        {
            ImageFormatException.Throw(BtrfsSuperblock.Id, place.Logical, message + " (a logical address)");
        }
    }

    private static uint U32(byte[] raw, int at) => BinaryPrimitives.ReadUInt32LittleEndian(raw.AsSpan(at));

    private static ulong U64(byte[] raw, int at) => BinaryPrimitives.ReadUInt64LittleEndian(raw.AsSpan(at));
}
