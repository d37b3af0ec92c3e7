using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Xfs;

/// <summary>The blocks in use: all but those in the tree of free space, by block number, of each allocation group
/// ("AG Free Space B+trees").</summary>
internal sealed class XfsUsedBlocks : IUsedBlockMap
{
    private const uint NoBlock = uint.MaxValue;

    // A tree of the largest group needs no more.
    private const int MaxLevels = 9;

    private const int RecordLength = 8;
    private const int GroupChecksum = 216;
    private const int TreeChecksum = 52;

    private readonly BlockSource _volume;
    private readonly XfsSuperblock _superblock;
    private readonly BlockSet _used;
    private readonly byte[] _sector;
    private readonly byte[] _block;

    private XfsUsedBlocks(BlockSource volume, XfsSuperblock superblock)
    {
        _volume = volume;
        _superblock = superblock;
        _used = new BlockSet(volume.Length, superblock.BlockSize);
        _used.Mark(0, volume.Length);
        _sector = new byte[superblock.SectorSize];
        _block = new byte[superblock.BlockSize];
    }

    public static string FileSystem => XfsSuperblock.Id;

    private int HeaderLength => _superblock.Version == 5 ? 56 : 16;

    public static UsedBlocks Read(BlockSource volume)
    {
        XfsSuperblock superblock = XfsSuperblock.Read(volume);
        string? because = superblock.Blocks > volume.Length / superblock.BlockSize
            ? "the volume is shorter than the file system"
            : superblock.LogOffset == 0 ? "its log is on another device"
            : !XfsLog.HasNothingNew(volume, superblock) ? "its log was not replayed"
            : null;
        if (because is not null)
        {
            return UsedBlocks.Whole(volume.Length, FileSystem, because);
        }

        XfsUsedBlocks map = new(volume, superblock);
        for (long group = 0; group < superblock.Groups; group++)
        {
            map.FreeGroup(group);
        }

        return new(FileSystem, map._used);
    }

    private void FreeGroup(long group)
    {
        long first = group * _superblock.GroupBlocks;
        long length = Math.Min(_superblock.GroupBlocks, _superblock.Blocks - first);
        long offset = (first * _superblock.BlockSize) + _superblock.SectorSize;
        Span<byte> header = _sector;
        _volume.Read(offset, header);
        Check(
            header.StartsWith("XAGF"u8) && U32(header, 8) == group && U32(header, 12) == length
            && IsChecksumRight(header, GroupChecksum),
            offset,
            $"the header of allocation group {group} is damaged");

        uint root = U32(header, 16);
        int levels = (int)Math.Min(U32(header, 28), MaxLevels + 1);
        uint expected = U32(header, 52);
        Check(levels is >= 1 and <= MaxLevels, offset + 28, $"a tree of free space of {levels} levels");

        uint block = FirstLeaf(first, length, root, levels);
        long free = 0;
        long end = 0;
        while (block != NoBlock)
        {
            ReadNode(first, length, block, 0);
            int records = BinaryPrimitives.ReadUInt16BigEndian(_block.AsSpan(6));
            long at = (first + block) * _superblock.BlockSize;

            // Each leaf but a lone one goes on in the group, so that a circle of them ends here.
            Check(
                records <= (_block.Length - HeaderLength) / RecordLength && (records > 0 || levels == 1),
                at + 6,
                $"a leaf of {records} records");
            for (int i = 0; i < records; i++)
            {
                long start = U32(_block, HeaderLength + (i * RecordLength));
                long count = U32(_block, HeaderLength + (i * RecordLength) + 4);
                if (start < end || count == 0 || start + count > length)
                {
                    ImageFormatException.Throw(
                        FileSystem,
                        at + HeaderLength + (i * RecordLength),
                        $"{count} free blocks at block {start} of a group of {length}");
                }

                _used.Free((first + start) * _superblock.BlockSize, count * _superblock.BlockSize);
                end = start + count;
                free += count;
            }

            block = U32(_block, 12);
        }

        Check(free == expected, offset + 52, $"group {group} has {free} free blocks, its header says {expected}");
    }

    private uint FirstLeaf(long first, long length, uint root, int levels)
    {
        // Keys fill the room of as many as there is room for, pointers follow.
        int most = (_block.Length - HeaderLength) / 12;
        uint block = root;
        for (int level = levels - 1; level > 0; level--)
        {
            ReadNode(first, length, block, level);
            block = U32(_block, HeaderLength + (most * 8));
        }

        return block;
    }

    private void ReadNode(long first, long length, uint block, int level)
    {
        if (block >= length)
        {
            ImageFormatException.Throw(
                FileSystem, first * _superblock.BlockSize, $"block {block} of a group of {length}");
        }

        long offset = (first + block) * _superblock.BlockSize;
        _volume.Read(offset, _block);
        bool isNode = _superblock.Version == 5
            ? _block.AsSpan().StartsWith("AB3B"u8) && IsChecksumRight(_block, TreeChecksum)
                && BinaryPrimitives.ReadUInt64BigEndian(_block.AsSpan(16)) == (ulong)offset / 512
            : _block.AsSpan().StartsWith("ABTB"u8);
        Check(
            isNode && BinaryPrimitives.ReadUInt16BigEndian(_block.AsSpan(4)) == level,
            offset,
            "a node of a tree of free space is damaged");
    }

    private bool IsChecksumRight(ReadOnlySpan<byte> bytes, int field) => _superblock.Version < 5
        || BinaryPrimitives.ReadUInt32LittleEndian(bytes[field..]) == Crc32C.OfStructure(bytes, field);

    private static void Check(bool condition, long offset, string message)
    {
        if (!condition)
        {
            ImageFormatException.Throw(FileSystem, offset, message);
        }
    }

    private static uint U32(ReadOnlySpan<byte> raw, int at) => BinaryPrimitives.ReadUInt32BigEndian(raw[at..]);
}
