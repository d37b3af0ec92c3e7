using System.Buffers.Binary;
using System.Numerics;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Btrfs;

/// <summary>A pointer to the root of a tree.</summary>
/// <param name="Logical">Logical address in bytes.</param>
/// <param name="Level">Levels below it.</param>
/// <param name="Generation">The transaction that wrote it.</param>
internal readonly record struct BtrfsRoot(long Logical, int Level, ulong Generation);

/// <summary>The superblock (fs/btrfs, struct btrfs_super_block), as far as the map of used blocks needs it.</summary>
/// <param name="NodeSize">Bytes of a node: 4096 to 65536.</param>
/// <param name="HasCrc32C">Whether checksums are CRC-32C; others are not checked.</param>
/// <param name="Device">Number of this device.</param>
/// <param name="DeviceLength">Bytes of this device.</param>
/// <param name="Devices">Number of devices.</param>
/// <param name="BytesUsed">Bytes of all extents.</param>
/// <param name="HasLog">Whether files were written since that the trees do not know of.</param>
/// <param name="ChunkTree">The tree of chunks.</param>
/// <param name="RootTree">The tree of trees.</param>
/// <param name="SystemChunks">The chunks that the tree of chunks stands in: keys and chunk items.</param>
internal sealed record BtrfsSuperblock(
    int NodeSize,
    bool HasCrc32C,
    ulong Device,
    long DeviceLength,
    ulong Devices,
    ulong BytesUsed,
    bool HasLog,
    BtrfsRoot ChunkTree,
    BtrfsRoot RootTree,
    byte[] SystemChunks)
{
    public const string Id = "btrfs";

    /// <summary>Byte offset of the superblock that counts.</summary>
    public const int Offset = 65536;

    /// <summary>Bytes of a superblock.</summary>
    public const int Length = 4096;

    private const int ChunkArrayOffset = 0x32B;
    private const int MaxChunkArray = 2048;

    // Flags: written, relocation. Others mark metadata dumps and changes of id or checksums that did not end.
    private const ulong KnownFlags = 3;

    // Free space tree and whether it is valid, verity, block group tree.
    private const ulong KnownReadOnly = 0xf;

    // All up to RAID1 of 3 and 4 copies, and simple quotas; not zoned devices, extent tree 2, RAID stripe tree.
    private const ulong KnownIncompatible = 0x1_0fff;

    /// <summary>Reads it.</summary>
    /// <exception cref="ImageFormatException">It is damaged.</exception>
    /// <exception cref="UnsupportedFeatureException">It has features that may change what is in use.</exception>
    public static BtrfsSuperblock Read(BlockSource volume)
    {
        byte[] raw = new byte[Length];
        if (volume.ReadUpTo(Offset, raw) < Length || !raw.AsSpan(0x40).StartsWith("_BHRfS_M"u8))
        {
            ImageFormatException.Throw(Id, Offset, "there is no superblock");
        }

        int checksum = BinaryPrimitives.ReadUInt16LittleEndian(raw.AsSpan(0xC4));
        bool isRight = checksum != 0 || ~Crc32C.Append(uint.MaxValue, raw.AsSpan(32)) == U32(raw, 0);
        Check(isRight, 0, "the checksum of the superblock is wrong");
        Check(U64(raw, 0x30) == Offset, 0x30, $"bytenr {U64(raw, 0x30)} is not {Offset}");
        CheckFeatures(raw);

        uint nodeSize = U32(raw, 0x94);
        uint chunks = U32(raw, 0xA0);
        ulong deviceLength = U64(raw, 0xD1);
        Check(nodeSize is >= 4096 and <= 65536 && BitOperations.IsPow2(nodeSize), 0x94, $"nodes of {nodeSize} bytes");
        Check(chunks <= MaxChunkArray, 0xA0, $"{chunks} bytes of system chunks are more than {MaxChunkArray}");
        Check(deviceLength is > Offset and <= long.MaxValue, 0xD1, $"a device of {deviceLength} bytes");
        ulong generation = U64(raw, 0x48);
        return new(
            (int)nodeSize,
            checksum == 0,
            U64(raw, 0xC9),
            (long)deviceLength,
            U64(raw, 0x88),
            U64(raw, 0x78),
            U64(raw, 0x60) != 0,
            Root(raw, 0x58, 0xC7, U64(raw, 0xA4)),
            Root(raw, 0x50, 0xC6, generation),
            raw.AsSpan(ChunkArrayOffset, (int)chunks).ToArray());
    }

    private static BtrfsRoot Root(byte[] raw, int address, int level, ulong generation)
    {
        Check(U64(raw, address) <= long.MaxValue, address, $"a tree at {U64(raw, address)}");
        return new((long)U64(raw, address), raw[level], generation);
    }

    private static void CheckFeatures(byte[] raw)
    {
        ulong flags = U64(raw, 0x38) & ~KnownFlags;
        ulong readOnly = U64(raw, 0xB4) & ~KnownReadOnly;
        ulong incompatible = U64(raw, 0xBC) & ~KnownIncompatible;
        if ((flags | readOnly | incompatible) != 0)
        {
            UnsupportedFeatureException.Throw(
                Id, $"feature flags {flags:x}, compat_ro {readOnly:x}, incompat {incompatible:x}");
        }
    }

    private static void Check(bool condition, int field, string message)
    {
        if (!condition)
        {
            ImageFormatException.Throw(Id, Offset + field, message);
        }
    }

    private static uint U32(byte[] raw, int at) => BinaryPrimitives.ReadUInt32LittleEndian(raw.AsSpan(at));

    private static ulong U64(byte[] raw, int at) => BinaryPrimitives.ReadUInt64LittleEndian(raw.AsSpan(at));
}
