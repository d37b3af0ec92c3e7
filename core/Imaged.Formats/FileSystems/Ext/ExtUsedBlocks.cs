using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Shared;

namespace Imaged.Formats.Ext;

/// <summary>The blocks in use, from the block bitmaps of the groups.</summary>
internal sealed class ExtUsedBlocks : IUsedBlockMap
{
    private const ushort StateClean = 1;
    private const ushort StateErrors = 2;
    private const ushort BitmapIsUnset = 2;

    private const uint MountProtectionMagic = 0x004D4D50;
    private const uint MountProtectionClean = 0xFF4D4D50;

    // mke2fs makes no smaller groups; and of a volume of 512 TiB with groups of 128 MiB there are so many.
    private const uint MinBlocksPerGroup = 256;
    private const long MaxGroups = 1 << 22;

    // Bitmaps that stand one behind the other, as they do with flex_bg, are read together.
    private const int MaxReadLength = 1 << 20;

    private readonly BlockSource _volume;
    private readonly ExtSuperblock _superblock;
    private readonly BlockSet _used;
    private readonly bool _hasFlags;
    private readonly int _tableBlocks;
    private readonly long _descriptorBlocks;
    private readonly byte[] _bitmaps;

    private ExtUsedBlocks(BlockSource volume, ExtSuperblock superblock)
    {
        _volume = volume;
        _superblock = superblock;
        _used = new BlockSet(volume.Length, superblock.BlockSize);
        _hasFlags = ExtGroups.HasChecksums(superblock);
        int blockSize = superblock.BlockSize;
        _tableBlocks = (int)((((long)superblock.InodesPerGroup * superblock.InodeSize) + blockSize - 1) / blockSize);
        int perBlock = blockSize / superblock.DescriptorSize;
        _descriptorBlocks = (superblock.Groups + perBlock - 1) / perBlock;
        _bitmaps = new byte[Math.Max(MaxReadLength, blockSize)];
    }

    public static string FileSystem => ExtFileSystem.Id;

    public static UsedBlocks Read(BlockSource volume)
    {
        ExtSuperblock superblock = ExtSuperblock.Read(volume)
            ?? throw new ImageFormatException(FileSystem, ExtSuperblock.Offset, "there is no superblock");
        string? because = FindReason(volume, superblock);
        return because is null
            ? new ExtUsedBlocks(volume, superblock).Read()
            : UsedBlocks.Whole(volume.Length, FileSystem, because);
    }

    // Why the bitmaps are not to be believed; null when nothing speaks against it.
    private static string? FindReason(BlockSource volume, ExtSuperblock superblock)
    {
        ExtIncompatible unknown = superblock.Incompatible & ~ExtFeatures.Known;
        ExtReadOnlyCompatible other = superblock.ReadOnlyCompatible & ~ExtFeatures.KeepBitmaps;
        if (unknown != 0 || other != 0)
        {
            string names = unknown != 0 ? ExtFeatures.Describe(unknown) : ExtFeatures.Describe(other);
            return $"it has features that imaged does not know: {names}";
        }

        if (superblock.Has(ExtIncompatible.Recover))
        {
            return "its journal was not replayed";
        }

        if ((superblock.State & StateClean) == 0)
        {
            return "it was not unmounted cleanly";
        }

        if ((superblock.State & StateErrors) != 0)
        {
            return "it is marked as having errors";
        }

        if (!superblock.ChecksumMatches)
        {
            return "the checksum of its superblock is wrong";
        }

        superblock.CheckGeometry();
        CheckGroups(superblock);
        return superblock.VolumeLength > volume.Length ? "the volume is shorter than the file system"
            : IsMountedElsewhere(volume, superblock) ? "a machine says to have it mounted (mmp)"
            : null;
    }

    private static void CheckGroups(ExtSuperblock superblock)
    {
        long ratio = superblock.ClusterSize >> superblock.BlockShift;
        long clusters = superblock.Has(ExtReadOnlyCompatible.BigAllocation)
            ? superblock.ClustersPerGroup
            : superblock.BlocksPerGroup;
        if (superblock.BlocksPerGroup < MinBlocksPerGroup || ratio is < 1 or > 1 << 20 || clusters % 8 != 0
            || clusters > superblock.BlockSize * 8L || clusters * ratio != superblock.BlocksPerGroup)
        {
            ImageFormatException.Throw(
                FileSystem,
                ExtSuperblock.Offset + 0x20,
                $"groups of {superblock.BlocksPerGroup} blocks and {clusters} clusters");
        }

        if (superblock.Groups > MaxGroups)
        {
            ImageFormatException.Throw(
                FileSystem, ExtSuperblock.Offset + 0x20, $"{superblock.Groups} groups are more than {MaxGroups}");
        }
    }

    private static bool IsMountedElsewhere(BlockSource volume, ExtSuperblock superblock)
    {
        if (!superblock.Has(ExtIncompatible.MultipleMountProtection))
        {
            return false;
        }

        if (superblock.MountProtectionBlock == 0 || superblock.MountProtectionBlock >= superblock.Blocks)
        {
            return true;
        }

        Span<byte> raw = stackalloc byte[8];
        volume.Read((long)superblock.MountProtectionBlock << superblock.BlockShift, raw);
        return BinaryPrimitives.ReadUInt32LittleEndian(raw) != MountProtectionMagic
            || BinaryPrimitives.ReadUInt32LittleEndian(raw[4..]) != MountProtectionClean;
    }

    private UsedBlocks Read()
    {
        long end = _superblock.VolumeLength;

        // The boot block and the superblock; and what follows the file system.
        _used.Mark(0, 2L * Math.Max(ExtSuperblock.Offset, _superblock.BlockSize >> 1));
        _used.Mark(end, _volume.Length - end);

        int perBlock = _superblock.BlockSize / _superblock.DescriptorSize;
        byte[] raw = new byte[_superblock.BlockSize];
        long free = 0;
        for (long first = 0; first < _superblock.Groups; first += perBlock)
        {
            long offset = ExtGroups.OffsetOfDescriptor(_superblock, first);
            if (offset > _volume.Length - raw.Length)
            {
                ImageFormatException.Throw(FileSystem, offset, "group descriptors lie behind the end of the volume");
            }

            _volume.Read(offset, raw);
            ExtGroup[] groups = new ExtGroup[Math.Min(perBlock, _superblock.Groups - first)];
            for (int i = 0; i < groups.Length; i++)
            {
                groups[i] = ParseGroup(raw.AsSpan(i * _superblock.DescriptorSize), first + i, offset);
                MarkMetadata(groups[i]);
            }

            free += MarkBitmaps(groups);
        }

        long ratio = _superblock.ClusterSize >> _superblock.BlockShift;
        return (ulong)free == _superblock.FreeBlocks / (ulong)ratio
            ? new(FileSystem, _used)
            : UsedBlocks.Whole(
                _volume.Length,
                FileSystem,
                $"its bitmaps have {free} free clusters, but its superblock {_superblock.FreeBlocks / (ulong)ratio}");
    }

    private ExtGroup ParseGroup(ReadOnlySpan<byte> raw, long number, long offset)
    {
        raw = raw[.._superblock.DescriptorSize];
        if (_hasFlags && !ExtGroups.IsChecksumRight(_superblock, number, raw))
        {
            ImageFormatException.Throw(FileSystem, offset, $"the checksum of group descriptor {number} is wrong");
        }

        ExtGroup group = new(
            number,
            ReadBlock(raw, 0x00, 0x20),
            ReadBlock(raw, 0x04, 0x24),
            ReadBlock(raw, 0x08, 0x28),
            _hasFlags && (BinaryPrimitives.ReadUInt16LittleEndian(raw[0x12..]) & BitmapIsUnset) != 0,
            BinaryPrimitives.ReadUInt16LittleEndian(raw[0x0C..])
                | (raw.Length >= 64 ? (long)BinaryPrimitives.ReadUInt16LittleEndian(raw[0x2C..]) << 16 : 0));
        if (group.BlockBitmap == 0 || group.InodeBitmap == 0 || group.InodeTable == 0)
        {
            ImageFormatException.Throw(FileSystem, offset, $"group descriptor {number} is empty");
        }

        return group;
    }

    private static long ReadBlock(ReadOnlySpan<byte> raw, int low, int high)
    {
        ulong block = BinaryPrimitives.ReadUInt32LittleEndian(raw[low..])
            | (raw.Length >= 64 ? (ulong)BinaryPrimitives.ReadUInt32LittleEndian(raw[high..]) << 32 : 0);
        return (long)Math.Min(block, long.MaxValue);
    }

    // What the bitmaps have as well, but for groups whose bitmap was never written.
    private void MarkMetadata(in ExtGroup group)
    {
        MarkBlocks(group.BlockBitmap, 1);
        MarkBlocks(group.InodeBitmap, 1);
        MarkBlocks(group.InodeTable, _tableBlocks);

        int perBlock = _superblock.BlockSize / _superblock.DescriptorSize;
        long first = FirstBlock(group.Number);
        if (first == 0 && _superblock.BlockSize == 1024)
        {
            first = 1; // with bigalloc
        }

        bool hasSuperblock = ExtGroups.HasSuperblock(_superblock, group.Number);
        bool hasMetaGroups = _superblock.Has(ExtIncompatible.MetaBlockGroups);
        if (hasSuperblock)
        {
            long descriptors = hasMetaGroups
                ? Math.Min(_superblock.FirstMetaGroup, _descriptorBlocks)
                : _descriptorBlocks + _superblock.ReservedTableBlocks;
            MarkBlocks(first, Math.Min(1 + descriptors, (long)_superblock.Blocks - first));
        }

        long place = group.Number % perBlock;
        if (hasMetaGroups && group.Number / perBlock >= _superblock.FirstMetaGroup
            && (place is 0 or 1 || place == perBlock - 1))
        {
            long block = first + (hasSuperblock ? 1 : 0);
            MarkBlocks(block, Math.Min(1, (long)_superblock.Blocks - block));
        }
    }

    private void MarkBlocks(long block, long count)
    {
        if (block < 0 || block > (long)_superblock.Blocks - count)
        {
            ImageFormatException.Throw(
                FileSystem,
                ExtSuperblock.Offset,
                $"metadata of {count} blocks at block {block} is outside the volume of {_superblock.Blocks} blocks");
        }

        _used.Mark(block << _superblock.BlockShift, count << _superblock.BlockShift);
    }

    private long FirstBlock(long group) => _superblock.FirstDataBlock + (group * _superblock.BlocksPerGroup);

    // Returns the number of free clusters.
    private long MarkBitmaps(ReadOnlySpan<ExtGroup> groups)
    {
        long free = 0;
        int most = _bitmaps.Length >> _superblock.BlockShift;
        while (!groups.IsEmpty)
        {
            if (groups[0].HasNoBitmap)
            {
                free += groups[0].FreeClusters;
                groups = groups[1..];
                continue;
            }

            int count = 1;
            while (count < Math.Min(most, groups.Length) && !groups[count].HasNoBitmap
                && groups[count].BlockBitmap == groups[0].BlockBitmap + count)
            {
                count++;
            }

            _volume.Read(
                groups[0].BlockBitmap << _superblock.BlockShift,
                _bitmaps.AsSpan(0, count << _superblock.BlockShift));
            for (int i = 0; i < count; i++)
            {
                free += MarkBitmap(
                    groups[i], _bitmaps.AsSpan(i << _superblock.BlockShift, _superblock.BlockSize));
            }

            groups = groups[count..];
        }

        return free;
    }

    private long MarkBitmap(in ExtGroup group, ReadOnlySpan<byte> bitmap)
    {
        long first = FirstBlock(group.Number);
        long ratio = _superblock.ClusterSize >> _superblock.BlockShift;
        long blocks = Math.Min(_superblock.BlocksPerGroup, (long)_superblock.Blocks - first);
        long clusters = (blocks + ratio - 1) / ratio;
        long free = clusters - ClusterBitmap.Mark(
            _used, bitmap, clusters, first << _superblock.BlockShift, _superblock.ClusterSize);
        if (free != group.FreeClusters)
        {
            ImageFormatException.Throw(
                FileSystem,
                group.BlockBitmap << _superblock.BlockShift,
                $"the bitmap of group {group.Number} has {free} free clusters, its descriptor {group.FreeClusters}");
        }

        return free;
    }

    // What a group descriptor says of the blocks of its group.
    private readonly record struct ExtGroup(
        long Number, long BlockBitmap, long InodeBitmap, long InodeTable, bool HasNoBitmap, long FreeClusters);
}
