using System.Buffers.Binary;
using System.Collections.Immutable;
using Imaged.Blocks;
using Imaged.Formats.Codecs;

namespace Imaged.Formats.Ext;

/// <summary>Where the group descriptors are, and whether their checksums match.</summary>
internal static class ExtGroups
{
    // Checked when a volume is opened: 64 KiB at most.
    private const int MaxChecked = 1024;

    /// <summary>Byte offset of the descriptor of a group.</summary>
    public static long OffsetOfDescriptor(ExtSuperblock superblock, long group)
    {
        long perBlock = superblock.BlockSize / superblock.DescriptorSize;
        long index = group / perBlock;
        long block;
        if (!superblock.Has(ExtIncompatible.MetaBlockGroups) || index < superblock.FirstMetaGroup)
        {
            // Not the first data block: that is 0 with bigalloc and 1 KiB blocks although the superblock is in block 1.
            block = (superblock.BlockSize == 1024 ? 1 : 0) + 1 + index;
        }
        else
        {
            long first = index * perBlock;
            block = superblock.FirstDataBlock + (first * superblock.BlocksPerGroup)
                + (HasSuperblock(superblock, first) ? 1 : 0);
            if (superblock.BlockSize == 1024 && index == 0 && superblock.FirstDataBlock == 0)
            {
                block++;
            }
        }

        return (block << superblock.BlockShift) + (group % perBlock * superblock.DescriptorSize);
    }

    /// <summary>Warnings about descriptors whose checksum is wrong, of the first groups of the volume.</summary>
    public static ImmutableArray<string> Verify(ExtSuperblock superblock, BlockSource volume)
    {
        if (!HasChecksums(superblock))
        {
            return [];
        }

        long wrong = -1;
        int count = 0;
        byte[] raw = new byte[superblock.DescriptorSize];
        for (long group = 0; group < Math.Min(MaxChecked, superblock.Groups); group++)
        {
            long offset = OffsetOfDescriptor(superblock, group);
            if (offset > volume.Length - raw.Length)
            {
                break;
            }

            volume.Read(offset, raw);
            if (!IsChecksumRight(superblock, group, raw))
            {
                wrong = wrong < 0 ? group : wrong;
                count++;
            }
        }

        return count == 0
            ? []
            : [$"the checksums of {count} group descriptors are wrong, the first that of group {wrong}"];
    }

    /// <summary>Whether descriptors have checksums, and with them flags.</summary>
    public static bool HasChecksums(ExtSuperblock superblock) =>
        superblock.Has(ExtReadOnlyCompatible.MetadataChecksum | ExtReadOnlyCompatible.DescriptorChecksum);

    /// <summary>Whether the checksum of a descriptor is right; only of a volume that has them.</summary>
    public static bool IsChecksumRight(ExtSuperblock superblock, long group, ReadOnlySpan<byte> raw)
    {
        ushort stored = BinaryPrimitives.ReadUInt16LittleEndian(raw[0x1E..]);
        return stored == (superblock.Has(ExtReadOnlyCompatible.MetadataChecksum)
            ? Checksum32(superblock, group, raw)
            : Checksum16(superblock, group, raw));
    }

    /// <summary>Whether a group begins with a copy of the superblock.</summary>
    public static bool HasSuperblock(ExtSuperblock superblock, long group)
    {
        if (group == 0)
        {
            return true;
        }

        if (superblock.Has(ExtCompatible.SparseSuper2))
        {
            return group == superblock.BackupGroups.First || group == superblock.BackupGroups.Second;
        }

        return group == 1 || !superblock.Has(ExtReadOnlyCompatible.SparseSuper)
            || IsPower(group, 3) || IsPower(group, 5) || IsPower(group, 7);
    }

    private static ushort Checksum32(ExtSuperblock superblock, long group, ReadOnlySpan<byte> raw)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(number, (uint)group);
        uint crc = Crc32C.Append(superblock.ChecksumSeed, number);
        crc = Crc32C.Append(crc, raw[..0x1E]);
        crc = Crc32C.Append(crc, stackalloc byte[2]);
        return (ushort)(Crc32C.Append(crc, raw[0x20..]) & 0xFFFF);
    }

    // The older kind leaves the checksum's own two bytes out instead of reading them as zero.
    private static ushort Checksum16(ExtSuperblock superblock, long group, ReadOnlySpan<byte> raw)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(number, (uint)group);
        ushort crc = Crc16(0xFFFF, superblock.Uuid);
        crc = Crc16(crc, number);
        crc = Crc16(crc, raw[..0x1E]);
        return Crc16(crc, raw[0x20..]);
    }

    private static ushort Crc16(ushort crc, ReadOnlySpan<byte> bytes)
    {
        uint value = crc;
        foreach (byte next in bytes)
        {
            value ^= next;
            for (int bit = 0; bit < 8; bit++)
            {
                value = (value & 1) != 0 ? (value >> 1) ^ 0xA001 : value >> 1;
            }
        }

        return (ushort)value;
    }

    private static bool IsPower(long value, int of)
    {
        while (value > 1 && value % of == 0)
        {
            value /= of;
        }

        return value == 1;
    }
}
