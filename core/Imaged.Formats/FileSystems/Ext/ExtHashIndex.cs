using System.Buffers;
using System.Buffers.Binary;

namespace Imaged.Formats.Ext;

/// <summary>The hash index of a directory (htree): block 0 is the root; its entries and those of the nodes below are
/// pairs of hash and block number, sorted by hash, the first one with an implied hash of 0. The blocks at the bottom
/// hold the names. The lowest bit of a hash in the index says that names with it begin in the block before.</summary>
internal static class ExtHashIndex
{
    private const int MaxLevels = 3;
    private const int RootInfo = 0x18;
    private const int RootEntries = 0x20;
    private const int NodeEntries = 8;
    private const int ChecksumTail = 8;

    // Blocks to look into for one hash; more than that have it in a damaged index only.
    private const int MaxCollisions = 64;

    /// <summary>Looks a name up.</summary>
    /// <returns>False when the index is damaged or of an unknown kind: then all blocks are to be searched.</returns>
    public static bool TryFind(
        ExtDirectory directory, ExtSuperblock superblock, ReadOnlySpan<byte> name, out uint inode)
    {
        inode = 0;
        int blockSize = superblock.BlockSize;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(blockSize);
        try
        {
            Span<byte> bytes = buffer.AsSpan(0, blockSize);
            if (!directory.TryReadBlock(0, bytes) || !TryReadRoot(bytes, superblock, out int version, out int levels))
            {
                return false;
            }

            uint hash = ExtHash.Of(name, version, superblock.HashSeed);

            // The path can be found again for each block of a collision: that is rare, and needs no stack of nodes.
            for (int skip = 0; skip < MaxCollisions; skip++)
            {
                if (skip > 0 && !directory.TryReadBlock(0, bytes))
                {
                    return false;
                }

                Step step = Descend(directory, superblock, bytes, levels, hash, skip, out long leaf);
                if (step != Step.Found)
                {
                    return step == Step.End;
                }

                if (!directory.TryReadBlock(leaf, bytes))
                {
                    return false;
                }

                inode = directory.FindIn(bytes, leaf << superblock.BlockShift, name);
                if (inode != 0)
                {
                    return true;
                }
            }

            return false;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private enum Step
    {
        Found,
        End,
        Damaged,
    }

    private static bool TryReadRoot(ReadOnlySpan<byte> root, ExtSuperblock superblock, out int version, out int levels)
    {
        version = root[RootInfo + 4];
        levels = root[RootInfo + 6];
        if (version <= ExtHash.Tea && superblock.UnsignedHash)
        {
            version += 3;
        }

        return BinaryPrimitives.ReadUInt32LittleEndian(root[RootInfo..]) == 0
            && version <= ExtHash.LastVersion && root[RootInfo + 5] == 8 && levels < MaxLevels;
    }

    // Goes down to the leaf for a hash, or to the one `skip` leaves behind it that the hash runs on into.
    private static Step Descend(
        ExtDirectory directory,
        ExtSuperblock superblock,
        Span<byte> bytes,
        int levels,
        uint hash,
        int skip,
        out long leaf)
    {
        leaf = 0;
        int entries = RootEntries;
        for (int level = 0; ; level++)
        {
            if (!TryReadCount(bytes, superblock, entries, out int count))
            {
                return Step.Damaged;
            }

            int index = Search(bytes[entries..], count, hash);
            if (level == levels)
            {
                return Pick(bytes[entries..], count, index, hash, skip, out leaf);
            }

            if (skip > 0 && index + 1 < count && (Key(bytes[entries..], index + 1) & ~1u) == hash)
            {
                // The run of equal hashes crosses nodes: leave it to a search of all blocks.
                return Step.Damaged;
            }

            if (!directory.TryReadBlock(Block(bytes[entries..], index), bytes))
            {
                return Step.Damaged;
            }

            entries = NodeEntries;
        }
    }

    private static Step Pick(ReadOnlySpan<byte> entries, int count, int index, uint hash, int skip, out long leaf)
    {
        leaf = 0;
        for (int i = 1; i <= skip; i++)
        {
            if (index + i >= count || (Key(entries, index + i) & ~1u) != hash)
            {
                return Step.End;
            }
        }

        leaf = Block(entries, index + skip);
        return Step.Found;
    }

    private static bool TryReadCount(ReadOnlySpan<byte> node, ExtSuperblock superblock, int entries, out int count)
    {
        int tail = superblock.Has(ExtReadOnlyCompatible.MetadataChecksum) ? ChecksumTail : 0;
        int limit = BinaryPrimitives.ReadUInt16LittleEndian(node[entries..]);
        count = BinaryPrimitives.ReadUInt16LittleEndian(node[(entries + 2)..]);
        return limit == (node.Length - entries - tail) / 8 && count >= 1 && count <= limit;
    }

    // Index of the last entry whose hash is not above.
    private static int Search(ReadOnlySpan<byte> entries, int count, uint hash)
    {
        int low = 1;
        int high = count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (Key(entries, middle) <= hash)
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

    private static uint Key(ReadOnlySpan<byte> entries, int index) =>
        BinaryPrimitives.ReadUInt32LittleEndian(entries[(index * 8)..]);

    // The upper four bits are reserved.
    private static long Block(ReadOnlySpan<byte> entries, int index) =>
        BinaryPrimitives.ReadUInt32LittleEndian(entries[((index * 8) + 4)..]) & 0x0FFFFFFF;
}
