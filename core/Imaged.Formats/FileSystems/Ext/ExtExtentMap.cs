using System.Buffers;
using System.Buffers.Binary;
using Imaged.Formats.Model;

namespace Imaged.Formats.Ext;

/// <summary>The extent tree: its root is in the inode, nodes are whole blocks. Each node has a header (magic, entries,
/// capacity, depth) and entries of 12 bytes sorted by their first block in the file.</summary>
internal sealed class ExtExtentMap : ExtBlockMap
{
    private const ushort Magic = 0xF30A;
    private const int EntryLength = 12;
    private const int MaxDepth = 5;

    // Lengths above this one mark blocks that are allocated but not written; the rest is the length.
    private const int MaxWritten = 32768;

    private readonly byte[] _root;

    public ExtExtentMap(ExtVolume volume, uint inode, byte[] root)
        : base(volume, inode)
    {
        _root = root;
    }

    public override ExtRun Find(long block, long wanted)
    {
        if (block > uint.MaxValue)
        {
            return ExtRun.Zero(wanted);
        }

        byte[]? buffer = null;
        try
        {
            ReadOnlySpan<byte> node = _root;
            int depth = CheckHeader(node, -1);
            long next = long.MaxValue;
            while (true)
            {
                int index = LastNotBehind(node, (uint)block);
                if (index + 1 < Entries(node))
                {
                    next = Math.Min(next, Key(node, index + 1));
                }

                if (index < 0)
                {
                    return Hole(block, next, wanted);
                }

                ReadOnlySpan<byte> entry = node.Slice((index + 1) * EntryLength, EntryLength);
                if (depth == 0)
                {
                    return InLeaf(entry, block, next, wanted);
                }

                long child = BinaryPrimitives.ReadUInt32LittleEndian(entry[4..])
                    | ((long)BinaryPrimitives.ReadUInt16LittleEndian(entry[8..]) << 32);
                buffer ??= ArrayPool<byte>.Shared.Rent(Volume.BlockSize);
                Span<byte> bytes = buffer.AsSpan(0, Volume.BlockSize);
                Volume.ReadBlock(child, Inode, bytes);
                node = bytes;
                depth = CheckHeader(node, depth - 1);
            }
        }
        finally
        {
            if (buffer is not null)
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    private static int Entries(ReadOnlySpan<byte> node) => BinaryPrimitives.ReadUInt16LittleEndian(node[2..]);

    private static uint Key(ReadOnlySpan<byte> node, int index) =>
        BinaryPrimitives.ReadUInt32LittleEndian(node[((index + 1) * EntryLength)..]);

    // Index of the last entry that begins at or before the block; -1 when all begin behind it.
    private static int LastNotBehind(ReadOnlySpan<byte> node, uint block)
    {
        int low = 0;
        int high = Entries(node);
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (Key(node, middle) <= block)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low - 1;
    }

    // In a damaged tree the next key may be at or before the block; a hole is one block long at least.
    private static ExtRun Hole(long block, long next, long wanted) =>
        ExtRun.Zero(Math.Clamp(next - block, 1, wanted));

    private int CheckHeader(ReadOnlySpan<byte> node, int expectedDepth)
    {
        int entries = Entries(node);
        int depth = BinaryPrimitives.ReadUInt16LittleEndian(node[6..]);
        if (BinaryPrimitives.ReadUInt16LittleEndian(node) != Magic)
        {
            Throw("has no magic number");
        }

        if (entries > (node.Length / EntryLength) - 1)
        {
            Throw($"has {entries} entries, more than fit");
        }

        if (expectedDepth < 0 ? depth > MaxDepth : depth != expectedDepth)
        {
            Throw($"has depth {depth}");
        }

        return depth;
    }

    private ExtRun InLeaf(ReadOnlySpan<byte> entry, long block, long next, long wanted)
    {
        long within = block - BinaryPrimitives.ReadUInt32LittleEndian(entry);
        int length = BinaryPrimitives.ReadUInt16LittleEndian(entry[4..]);
        bool written = length <= MaxWritten;
        length = written ? length : length - MaxWritten;
        if (within >= length)
        {
            return Hole(block, next, wanted);
        }

        long count = Math.Min(length - within, wanted);
        if (!written)
        {
            return ExtRun.Zero(count);
        }

        long physical = within + (BinaryPrimitives.ReadUInt32LittleEndian(entry[8..])
            | ((long)BinaryPrimitives.ReadUInt16LittleEndian(entry[6..]) << 32));
        Volume.OffsetOf(physical, count, Inode);
        return new(physical, count);
    }

    private void Throw(string what) => ImageFormatException.Throw(
        ExtFileSystem.Id, Volume.OffsetOfInode(Inode), $"a node of the extent tree of inode {Inode} {what}");
}
