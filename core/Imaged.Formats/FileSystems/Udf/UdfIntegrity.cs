using System.Buffers.Binary;
using Imaged.Blocks;

namespace Imaged.Formats.Udf;

/// <summary>The logical volume integrity descriptor: whether the volume was closed, and what is free.</summary>
/// <param name="Closed">Whether it was unmounted properly.</param>
/// <param name="SizeBlocks">Blocks in all partitions; 0 when not recorded.</param>
/// <param name="FreeBlocks">Free blocks; 0 when not recorded.</param>
/// <param name="Nodes">Files and directories; 0 when not recorded.</param>
/// <param name="MinReadRevision">Revision of UDF that a reader must know, in BCD; 0 when not recorded.</param>
internal sealed record UdfIntegrity(bool Closed, long SizeBlocks, long FreeBlocks, long Nodes, int MinReadRevision)
{
    // Each mount of some writers adds one.
    private const int MaxDescriptors = 256;
    private const uint Unknown = 0xffffffff;

    /// <summary>Follows the integrity sequence to its last descriptor; null when there is none.</summary>
    /// <param name="volume">The volume.</param>
    /// <param name="blockSize">Block size in bytes.</param>
    /// <param name="logical">The logical volume descriptor.</param>
    public static UdfIntegrity? Read(BlockSource volume, int blockSize, ReadOnlySpan<byte> logical)
    {
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(logical[432..]);
        uint block = BinaryPrimitives.ReadUInt32LittleEndian(logical[436..]);
        byte[] raw = new byte[blockSize];
        UdfIntegrity? last = null;
        for (int i = 0; i < MaxDescriptors && length >= blockSize; i++)
        {
            if (!UdfSequence.TryReadDescriptor(volume, block, raw, out UdfTag tag)
                || tag.Id != UdfTagId.LogicalVolumeIntegrity)
            {
                break;
            }

            last = Parse(raw);
            uint nextLength = BinaryPrimitives.ReadUInt32LittleEndian(raw.AsSpan(32));
            if (nextLength != 0)
            {
                (length, block) = (nextLength, BinaryPrimitives.ReadUInt32LittleEndian(raw.AsSpan(36)));
            }
            else if (block < uint.MaxValue)
            {
                length -= (uint)blockSize;
                block++;
            }
        }

        return last;
    }

    private static UdfIntegrity Parse(ReadOnlySpan<byte> raw)
    {
        bool closed = BinaryPrimitives.ReadUInt32LittleEndian(raw[28..]) == 1;
        uint partitions = BinaryPrimitives.ReadUInt32LittleEndian(raw[72..]);
        if (partitions > UdfVolume.MaxPartitions || 80 + (partitions * 8) + 46 > raw.Length)
        {
            return new(closed, 0, 0, 0, 0);
        }

        long free = 0;
        long size = 0;
        ReadOnlySpan<byte> table = raw[80..];
        for (int i = 0; i < partitions; i++)
        {
            uint freeBlocks = BinaryPrimitives.ReadUInt32LittleEndian(table[(i * 4)..]);
            uint sizeBlocks = BinaryPrimitives.ReadUInt32LittleEndian(table[(((int)partitions + i) * 4)..]);
            size += sizeBlocks == Unknown ? 0 : sizeBlocks;
            free += freeBlocks == Unknown || sizeBlocks == Unknown ? 0 : Math.Min(freeBlocks, sizeBlocks);
        }

        ReadOnlySpan<byte> use = table[((int)partitions * 8)..];
        bool known = BinaryPrimitives.ReadUInt32LittleEndian(raw[76..]) >= 46;
        return new(
            closed,
            size,
            free,
            known
                ? (long)BinaryPrimitives.ReadUInt32LittleEndian(use[32..])
                    + BinaryPrimitives.ReadUInt32LittleEndian(use[36..])
                : 0,
            known ? BinaryPrimitives.ReadUInt16LittleEndian(use[40..]) : 0);
    }
}
