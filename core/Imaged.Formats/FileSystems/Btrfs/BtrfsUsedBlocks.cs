using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Btrfs;

/// <summary>The blocks in use: the extents of the extent tree on one device; where that is not all, every chunk that
/// this device has a part of.</summary>
internal sealed class BtrfsUsedBlocks : IUsedBlockMap
{
    private const ulong ExtentTree = 2;
    private const ulong DeviceTree = 4;
    private const byte RootItem = 132;
    private const byte ExtentItem = 168;
    private const byte MetadataItem = 169;
    private const byte DeviceExtent = 204;
    private const int RootItemLength = 239;
    private const int DeviceExtentLength = 32;

    // Boot loaders and the first superblock; no chunk begins here.
    private const int Reserved = 1 << 20;

    private readonly BlockSource _volume;
    private readonly BtrfsSuperblock _superblock;
    private readonly BtrfsChunks _chunks;
    private readonly BlockSet _used;

    private BtrfsUsedBlocks(BlockSource volume, BtrfsSuperblock superblock)
    {
        _volume = volume;
        _superblock = superblock;
        _chunks = new BtrfsChunks(superblock, volume.Length);
        _used = new BlockSet(volume.Length, 4096);
    }

    public static string FileSystem => BtrfsSuperblock.Id;

    public static UsedBlocks Read(BlockSource volume)
    {
        BtrfsSuperblock superblock = BtrfsSuperblock.Read(volume);
        return superblock.DeviceLength > volume.Length
            ? UsedBlocks.Whole(volume.Length, FileSystem, "the volume is shorter than the file system")
            : new BtrfsUsedBlocks(volume, superblock).Read();
    }

    private UsedBlocks Read()
    {
        long end = _superblock.DeviceLength;
        _used.Mark(0, Math.Min(Reserved, _volume.Length));
        _used.Mark(end, _volume.Length - end);
        for (long copy = 64L << 20; copy <= _volume.Length - BtrfsSuperblock.Length && copy < 1L << 50; copy <<= 12)
        {
            _used.Mark(copy, BtrfsSuperblock.Length);
        }

        Walk(_superblock.ChunkTree, new(256, BtrfsChunks.ItemType, 0), new(256, BtrfsChunks.ItemType, ulong.MaxValue),
            _chunks.Add);
        string? because = _superblock.Devices != 1 ? $"it is on {_superblock.Devices} devices"
            : _superblock.HasLog ? "its log tree was not replayed"
            : _chunks.All.Any(chunk => !chunk.IsMirrored) ? "it has striped chunks"
            : null;
        if (because is not null)
        {
            MarkDeviceExtents();
            return new(FileSystem, _used) { Warnings = [$"{because}: whole chunks are saved, free blocks included"] };
        }

        ulong bytes = MarkExtents();
        return bytes == _superblock.BytesUsed
            ? new(FileSystem, _used)
            : UsedBlocks.Whole(
                _volume.Length,
                FileSystem,
                $"its extents have {bytes} bytes, but its superblock says {_superblock.BytesUsed}");
    }

    private ulong MarkExtents()
    {
        // The kernel adds to these between transactions.
        foreach (BtrfsChunk chunk in _chunks.All.Where(chunk => chunk.IsSystem))
        {
            MarkCopies(chunk, chunk.Logical, chunk.Length);
        }

        ulong bytes = 0;
        Walk(FindTree(ExtentTree), default, new(ulong.MaxValue, byte.MaxValue, ulong.MaxValue), (key, _) =>
        {
            if (key.Type is not (ExtentItem or MetadataItem))
            {
                return;
            }

            ulong length = key.Type == ExtentItem ? key.Offset : (ulong)_superblock.NodeSize;
            if (length is 0 or > long.MaxValue || key.Object > long.MaxValue)
            {
                ImageFormatException.Throw(FileSystem, 0, $"an extent of {length} bytes at {key.Object}");
            }

            BtrfsChunk chunk = _chunks.Find((long)key.Object, (long)length);
            MarkCopies(chunk, (long)key.Object, (long)length);
            bytes = unchecked(bytes + length);
        });
        return bytes;
    }

    private void MarkCopies(BtrfsChunk chunk, long logical, long length)
    {
        if (chunk.Copies.Length == 0)
        {
            ImageFormatException.Throw(FileSystem, logical, "a chunk of the only device is on another one");
        }

        foreach (long copy in chunk.Copies)
        {
            _used.Mark(copy + (logical - chunk.Logical), length);
        }
    }

    private void MarkDeviceExtents()
    {
        ulong device = _superblock.Device;
        BtrfsKey last = new(device, DeviceExtent, ulong.MaxValue);
        Walk(FindTree(DeviceTree), new(device, DeviceExtent, 0), last, (key, item) =>
        {
            ulong length = item.Length < DeviceExtentLength
                ? ulong.MaxValue
                : BinaryPrimitives.ReadUInt64LittleEndian(item[24..]);
            if (key.Offset > (ulong)_volume.Length || length > (ulong)_volume.Length - key.Offset)
            {
                ImageFormatException.Throw(
                    FileSystem, (long)Math.Min(key.Offset, long.MaxValue), $"a device extent of {length} bytes");
            }

            _used.Mark((long)key.Offset, (long)length);
        });
    }

    private BtrfsRoot FindTree(ulong number)
    {
        BtrfsRoot? root = null;
        Walk(_superblock.RootTree, new(number, RootItem, 0), new(number, RootItem, ulong.MaxValue), (_, item) =>
        {
            if (item.Length >= RootItemLength)
            {
                ulong logical = BinaryPrimitives.ReadUInt64LittleEndian(item[176..]);
                root = new(
                    (long)Math.Min(logical, long.MaxValue),
                    item[238],
                    BinaryPrimitives.ReadUInt64LittleEndian(item[160..]));
            }
        });
        return root ?? throw new ImageFormatException(FileSystem, BtrfsSuperblock.Offset, $"there is no tree {number}");
    }

    private void Walk(BtrfsRoot root, BtrfsKey first, BtrfsKey last, BtrfsVisitor visitor) =>
        BtrfsWalk.Run(_volume, _superblock, _chunks, root, first, last, visitor);
}
