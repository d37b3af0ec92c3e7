using System.Buffers.Binary;
using System.Numerics;

namespace Imaged.Formats.Partitions.Mbr;

/// <summary>Tells the boot sector of a volume that fills the whole disk from a master boot record.</summary>
internal static class BootSector
{
    /// <summary>Whether the sector begins a FAT, NTFS, exFAT, ReFS or BitLocker volume.</summary>
    public static bool IsVolume(ReadOnlySpan<byte> sector)
    {
        ReadOnlySpan<byte> oem = sector.Slice(3, 8);
        return oem.SequenceEqual("NTFS    "u8) || oem.SequenceEqual("EXFAT   "u8) || oem.SequenceEqual("-FVE-FS-"u8)
            || oem.SequenceEqual("ReFS\0\0\0\0"u8) || IsFat(sector);
    }

    private static bool IsFat(ReadOnlySpan<byte> sector)
    {
        ushort sectorSize = BinaryPrimitives.ReadUInt16LittleEndian(sector[11..]);
        return sector[0] is 0xeb or 0xe9
            && sectorSize is 512 or 1024 or 2048 or 4096
            && BitOperations.IsPow2(sector[13])
            && BinaryPrimitives.ReadUInt16LittleEndian(sector[14..]) != 0
            && sector[16] is 1 or 2
            && sector[21] is 0xf0 or >= 0xf8;
    }
}
