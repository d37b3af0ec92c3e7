using System.Buffers.Binary;
using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Shared;

namespace Imaged.Formats.Apfs;

/// <summary>The blocks in use, as the space manager of the newest checkpoint has them (Apple File System Reference,
/// "Space Manager"): a bitmap for each chunk of blocks, found through blocks with what is known of chunks (CIB) and,
/// in large containers, blocks with addresses of those (CAB).</summary>
internal sealed class ApfsUsedBlocks : IUsedBlockMap
{
    private const int CacheLength = 1 << 20;
    private const int CheckpointMapKind = 12;
    private const int SpaceManagerKind = 5;
    private const int AddressBlockKind = 6;
    private const int ChunkBlockKind = 7;
    private const int MapEntryLength = 40;
    private const int ChunkLength = 32;

    // Of a container of some petabytes.
    private const uint MaxManagerLength = 16 << 20;

    private readonly ApfsBlocks _blocks;
    private readonly ApfsSuperblock _superblock;
    private readonly BlockSet _used;
    private long _position;
    private long _free;

    private ApfsUsedBlocks(ApfsBlocks blocks, ApfsSuperblock superblock)
    {
        _blocks = blocks;
        _superblock = superblock;
        _used = ClusterBitmap.NewSet(blocks.Source, 0, superblock.BlockSize);
    }

    public static string FileSystem => ApfsFileSystem.Id;

    private long BlockSize => _superblock.BlockSize;

    public static UsedBlocks Read(BlockSource volume)
    {
        ApfsSuperblock first = ApfsSuperblock.TryReadFirst(volume)
            ?? throw new ImageFormatException(FileSystem, 0, "there is no superblock");
        ApfsSuperblock superblock = ApfsSuperblock.FindNewest(volume, first)
            ?? throw new ImageFormatException(FileSystem, 0, "no superblock has the right checksum");
        ulong unknown = superblock.Incompatible & ~ApfsSuperblock.KnownFeatures;
        if (unknown != 0 || superblock.BlockSize != first.BlockSize)
        {
            UnsupportedFeatureException.Throw(
                FileSystem, string.Create(CultureInfo.InvariantCulture, $"a container with features {unknown:x}"));
        }

        if (superblock.BlockCount > (ulong)(volume.Length / superblock.BlockSize))
        {
            return UsedBlocks.Whole(volume.Length, FileSystem, "the volume is shorter than the container");
        }

        using ApfsBlocks blocks = new(volume, superblock.BlockSize, new BlockCache(CacheLength));
        return new ApfsUsedBlocks(blocks, superblock).Read();
    }

    private UsedBlocks Read()
    {
        long end = (long)_superblock.BlockCount * BlockSize;
        _used.Mark(end, _blocks.Source.Length - end);
        Mark(0, 1);
        Mark(_superblock.CheckpointBase, _superblock.CheckpointBlocks);
        Check(
            (_superblock.CheckpointData.Count & ApfsSuperblock.InPieces) == 0, "an area of checkpoint data in pieces");
        Mark(_superblock.CheckpointData.First, _superblock.CheckpointData.Count);

        byte[] manager = ReadManager();
        Check(U64(manager, 96) == 0, "a second device");
        Check(
            U32(manager, 32) == BlockSize && U32(manager, 36) == BlockSize * 8
            && U64(manager, 48) == _superblock.BlockCount,
            "the space manager is that of another container");

        // Bitmaps and blocks of chunks move about in a pool of their own, which has bitmaps, too.
        Mark(U64(manager, 176), U64(manager, 152));
        Mark(U64(manager, 168), U32(manager, 164));
        long addresses = U32(manager, 80);
        uint chunkBlocks = U32(manager, 64);
        uint addressBlocks = U32(manager, 68);
        long count = addressBlocks > 0 ? addressBlocks : chunkBlocks;
        Check(addresses + (count * sizeof(ulong)) <= manager.Length, $"{count} addresses at byte {addresses}");
        for (int i = 0; i < count; i++)
        {
            ulong address = U64(manager, (int)addresses + (i * sizeof(ulong)));
            if (addressBlocks > 0)
            {
                ReadAddressBlock(address);
            }
            else
            {
                ReadChunkBlock(address);
            }
        }

        Check(_position == (long)_superblock.BlockCount, $"the chunks have {_position} blocks");
        return (ulong)_free == U64(manager, 72)
            ? new(FileSystem, _used)
            : UsedBlocks.Whole(
                _blocks.Source.Length,
                FileSystem,
                $"its bitmaps have {_free} free blocks, but its space manager says {U64(manager, 72)}");
    }

    // The maps of the checkpoint say where the objects are that it holds.
    private byte[] ReadManager()
    {
        uint ring = _superblock.CheckpointBlocks;
        Check(ring > 0 && _superblock.MapRing.Count <= ring, $"a checkpoint of {_superblock.MapRing.Count} blocks");
        for (uint i = 0; i < _superblock.MapRing.Count; i++)
        {
            ulong place = ((ulong)_superblock.MapRing.First + i) % ring;
            Check(_superblock.CheckpointBase < _superblock.BlockCount, "checkpoints behind the end");
            byte[] map = _blocks.ReadObject(_superblock.CheckpointBase + place);
            if (ApfsBlocks.Kind(map) != CheckpointMapKind)
            {
                continue;
            }

            uint count = U32(map, 36);
            Check(count <= (map.Length - MapEntryLength) / MapEntryLength, $"a map of {count} objects");
            for (int entry = MapEntryLength; entry <= count * MapEntryLength; entry += MapEntryLength)
            {
                if (U64(map, entry + 24) == _superblock.SpaceManager)
                {
                    return ReadManager(U64(map, entry + 32), U32(map, entry + 8));
                }
            }
        }

        throw new ImageFormatException(FileSystem, 0, "the checkpoint has no space manager");
    }

    private byte[] ReadManager(ulong address, uint length)
    {
        Check(
            length >= BlockSize && length <= MaxManagerLength && length % BlockSize == 0
            && address < _superblock.BlockCount && length / BlockSize <= (long)(_superblock.BlockCount - address),
            $"a space manager of {length} bytes at block {address}");
        byte[] manager = _blocks.Source.ReadBytes((long)address * BlockSize, (int)length);
        Check(
            ApfsChecksum.IsValid(manager) && ApfsBlocks.Kind(manager) == SpaceManagerKind,
            $"block {address} is no space manager");
        return manager;
    }

    private void ReadAddressBlock(ulong address)
    {
        byte[] block = ReadBlock(address, AddressBlockKind);
        uint count = U32(block, 36);
        Check(count <= (block.Length - 40) / sizeof(ulong), $"block {address} has {count} addresses");
        for (int i = 0; i < count; i++)
        {
            ReadChunkBlock(U64(block, 40 + (i * sizeof(ulong))));
        }
    }

    private void ReadChunkBlock(ulong address)
    {
        byte[] block = ReadBlock(address, ChunkBlockKind);
        uint count = U32(block, 36);
        Check(count > 0 && count <= (block.Length - 40) / ChunkLength, $"block {address} has {count} chunks");
        for (int i = 0; i < count; i++)
        {
            ReadChunk(block.AsSpan(40 + (i * ChunkLength), ChunkLength));
        }
    }

    // Chunks follow each other without gaps, so that no damage makes them more than the container has room for.
    private void ReadChunk(ReadOnlySpan<byte> chunk)
    {
        const uint countMask = 0xfffff;
        ulong first = BinaryPrimitives.ReadUInt64LittleEndian(chunk[8..]);
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(chunk[16..]) & countMask;
        uint free = BinaryPrimitives.ReadUInt32LittleEndian(chunk[20..]) & countMask;
        ulong bitmap = BinaryPrimitives.ReadUInt64LittleEndian(chunk[24..]);
        Check(
            first == (ulong)_position && count > 0 && count <= BlockSize * 8
            && first + count <= _superblock.BlockCount,
            $"a chunk of {count} blocks at block {first}");
        long marked = 0;
        if (bitmap != 0)
        {
            Mark(bitmap, 1);
            byte[] bits = _blocks.Source.ReadBytes((long)bitmap * BlockSize, (int)BlockSize);
            marked = ClusterBitmap.Mark(_used, bits, count, _position * BlockSize, BlockSize);
        }

        Check(count - marked == free, $"the chunk at block {first} has {count - marked} free blocks, not {free}");
        _position += count;
        _free += free;
    }

    private byte[] ReadBlock(ulong address, int kind)
    {
        byte[] block = _blocks.ReadObject(address);
        Check(ApfsBlocks.Kind(block) == kind, $"block {address} is not of kind {kind}");
        Mark(address, 1);
        return block;
    }

    private void Mark(ulong first, ulong count)
    {
        Check(
            first <= _superblock.BlockCount && count <= _superblock.BlockCount - first,
            $"{count} blocks at block {first} are not in the container");
        _used.Mark((long)first * BlockSize, (long)count * BlockSize);
    }

    private static void Check(bool condition, string message)
    {
        if (!condition)
        {
            ImageFormatException.Throw(FileSystem, 0, message);
        }
    }

    private static uint U32(byte[] raw, int at) => BinaryPrimitives.ReadUInt32LittleEndian(raw.AsSpan(at));

    private static ulong U64(byte[] raw, int at) => BinaryPrimitives.ReadUInt64LittleEndian(raw.AsSpan(at));
}
