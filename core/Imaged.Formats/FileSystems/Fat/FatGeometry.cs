using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using Imaged.Blocks;
using Imaged.Formats.Shared;

namespace Imaged.Formats.Fat;

/// <summary>Where everything of a FAT volume lies, from its BIOS parameter block (BPB) or, for the floppies of DOS 1.x,
/// from its size. Offsets and lengths in bytes.</summary>
internal sealed class FatGeometry : ClusterLayout
{
    private const int MaxFat12Clusters = 4084;
    private const int MaxFat16Clusters = 65524;
    private const int MaxFat32Clusters = 0x0ffffff5;

    // Drives and floppies of 1981: media byte, 512-byte sectors, sectors per cluster, root entries, sectors per FAT.
    private static readonly (byte Media, int Sectors, int PerCluster, int RootEntries, int PerFat)[] EarlyFloppies =
    [
        (0xfe, 320, 1, 64, 1),
        (0xfc, 360, 1, 64, 2),
        (0xff, 640, 2, 112, 1),
        (0xfd, 720, 2, 112, 2),
    ];

    // A FAT32 volume that only explains how to get at the encrypted one behind it.
    private static ReadOnlySpan<byte> BitLockerToGo =>
        [0x3b, 0xd6, 0x67, 0x49, 0x29, 0x2e, 0xd8, 0x4a, 0x83, 0x99, 0xf6, 0xa3, 0x39, 0xe3, 0xd0, 0x01];

    private FatGeometry()
    {
    }

    /// <summary>Width of a FAT entry: 12, 16 or 32 bits (of which 28 count).</summary>
    public int Bits { get; private init; }

    public override string FormatId => FatFileSystem.Id;

    public override int EntryBits => Bits == 32 ? 28 : Bits;

    public int SectorSize { get; private init; }

    public int FatCount { get; private init; }

    /// <summary>Offset of the root directory; FAT12 and FAT16 only.</summary>
    public long RootOffset { get; private init; }

    /// <summary>Length of the root directory; 0 for FAT32, where it is a chain.</summary>
    public int RootLength { get; private init; }

    /// <summary>First cluster of the root directory; FAT32 only.</summary>
    public uint RootCluster { get; private init; }

    /// <summary>Length of the volume as it says itself.</summary>
    public long Length { get; private init; }

    /// <summary>Whether there is a boot sector with a BPB.</summary>
    public bool HasBpb { get; private init; }

    /// <summary>Sector of the FSInfo structure; 0 for none.</summary>
    public int InfoSector { get; private init; }

    public static bool TryRead(BlockSource volume, [NotNullWhen(true)] out FatGeometry? geometry)
    {
        Span<byte> boot = stackalloc byte[512];
        geometry = null;
        if (volume.Length < 2 * boot.Length)
        {
            return false;
        }

        volume.Read(0, boot);
        geometry = IsForeign(boot) ? null : ParseBpb(boot, volume) ?? EarlyFloppy(volume);
        return geometry is not null;
    }

    // Others put something like a BPB into their boot sector.
    private static bool IsForeign(ReadOnlySpan<byte> boot)
    {
        ReadOnlySpan<byte> oem = boot.Slice(3, 8);
        return oem.SequenceEqual("NTFS    "u8) || oem.SequenceEqual("EXFAT   "u8) || oem.SequenceEqual("-FVE-FS-"u8)
            || boot[424..].StartsWith(BitLockerToGo)
            || ((oem.SequenceEqual("JFS     "u8) || oem.SequenceEqual("HPFS    "u8)) && !HasTypeText(boot));
    }

    private static FatGeometry? ParseBpb(ReadOnlySpan<byte> boot, BlockSource volume)
    {
        int sectorSize = BinaryPrimitives.ReadUInt16LittleEndian(boot[11..]);
        int perCluster = boot[13];
        int reserved = BinaryPrimitives.ReadUInt16LittleEndian(boot[14..]);
        int fatCount = boot[16];
        int rootEntries = BinaryPrimitives.ReadUInt16LittleEndian(boot[17..]);
        long sectors = BinaryPrimitives.ReadUInt16LittleEndian(boot[19..]);
        byte media = boot[21];
        long perFat = BinaryPrimitives.ReadUInt16LittleEndian(boot[22..]);
        if (sectorSize is not (512 or 1024 or 2048 or 4096)
            || !BitOperations.IsPow2(perCluster)
            || reserved == 0 || fatCount == 0 || media is not (0xf0 or >= 0xf8))
        {
            return null;
        }

        // Not the number of clusters but the place of the FAT's size tells FAT32, for the kernel as for mkfs.fat, which
        // makes small FAT32 volumes on demand.
        bool is32 = perFat == 0;
        if (is32)
        {
            perFat = BinaryPrimitives.ReadUInt32LittleEndian(boot[36..]);
        }

        if (sectors == 0)
        {
            sectors = BinaryPrimitives.ReadUInt32LittleEndian(boot[32..]);
        }

        if (perFat == 0 || (!is32 && rootEntries == 0))
        {
            return null;
        }

        FatGeometry? geometry = Build(
            is32, sectorSize, perCluster, reserved, fatCount, rootEntries, sectors, perFat, boot, volume.Length);
        return geometry is null || HasTypeText(boot) || HasBootSignature(boot) || HasMedia(volume, geometry, media)
            ? geometry
            : null;
    }

    private static FatGeometry? Build(
        bool is32,
        int sectorSize,
        int perCluster,
        int reserved,
        int fatCount,
        int rootEntries,
        long sectors,
        long perFat,
        ReadOnlySpan<byte> boot,
        long volumeLength)
    {
        long fatOffset = (long)reserved * sectorSize;
        long fatLength = perFat * sectorSize;
        long rootOffset = fatOffset + (fatCount * fatLength);
        int rootSectors = ((rootEntries * EntrySize) + sectorSize - 1) / sectorSize;
        long dataOffset = rootOffset + ((long)rootSectors * sectorSize);
        long length = sectors * sectorSize;
        int clusterSize = perCluster * sectorSize;
        long clusters = (length - dataOffset) / clusterSize;
        int bits = is32 ? 32 : clusters <= MaxFat12Clusters ? 12 : 16;
        int maxClusters = is32 ? MaxFat32Clusters : MaxFat16Clusters;
        if (clusters is <= 0 || clusters > maxClusters || dataOffset > volumeLength)
        {
            return null;
        }

        // Clusters that the FAT has no entry for cannot be used.
        clusters = Math.Min(clusters, (fatLength * 8 / bits) - FirstCluster);
        int flags = is32 ? BinaryPrimitives.ReadUInt16LittleEndian(boot[40..]) : 0;
        int active = (flags & 0x80) != 0 && (flags & 0x0f) < fatCount ? flags & 0x0f : 0;
        return clusters <= 0 ? null : new()
        {
            Bits = bits,
            SectorSize = sectorSize,
            ClusterSize = clusterSize,
            ClusterCount = (uint)clusters,
            FatOffset = fatOffset + (active * fatLength),
            FatLength = fatLength,
            FatCount = fatCount,
            RootOffset = rootOffset,
            RootLength = is32 ? 0 : rootEntries * EntrySize,
            RootCluster = is32 ? BinaryPrimitives.ReadUInt32LittleEndian(boot[44..]) & 0x0fffffff : 0,
            DataOffset = dataOffset,
            Length = length,
            HasBpb = true,
            InfoSector = is32 ? BinaryPrimitives.ReadUInt16LittleEndian(boot[48..]) : 0,
        };
    }

    // DOS 1.x wrote no BPB: the size of the floppy and the first byte of the FAT say it all. Both copies must agree,
    // since three bytes are not much of a signature.
    private static FatGeometry? EarlyFloppy(BlockSource volume)
    {
        Span<byte> fat = stackalloc byte[512];
        Span<byte> copy = stackalloc byte[512];
        volume.Read(512, fat);
        foreach ((byte media, int sectors, int perCluster, int rootEntries, int perFat) in EarlyFloppies)
        {
            if (volume.Length != sectors * 512 || fat is not [_, 0xff, 0xff, ..] || fat[0] != media)
            {
                continue;
            }

            volume.Read(512 + (perFat * 512), copy);
            if (!copy.SequenceEqual(fat))
            {
                continue;
            }

            int dataOffset = 512 + (2 * perFat * 512) + (rootEntries * EntrySize);
            return new()
            {
                Bits = 12,
                SectorSize = 512,
                ClusterSize = perCluster * 512,
                ClusterCount = (uint)(((sectors * 512) - dataOffset) / (perCluster * 512)),
                FatOffset = 512,
                FatLength = perFat * 512,
                FatCount = 2,
                RootOffset = 512 + (2 * perFat * 512),
                RootLength = rootEntries * EntrySize,
                DataOffset = dataOffset,
                Length = sectors * 512,
            };
        }

        return null;
    }

    private static bool HasTypeText(ReadOnlySpan<byte> boot) =>
        boot[54..].StartsWith("FAT"u8) || boot[54..].StartsWith("MSDOS"u8)
        || boot[82..].StartsWith("FAT32   "u8) || boot[82..].StartsWith("MSWIN"u8);

    private static bool HasBootSignature(ReadOnlySpan<byte> boot) =>
        boot[0] is 0xeb or 0xe9 && boot[510] == 0x55 && boot[511] == 0xaa;

    // Floppies of other computers than the PC (Atari ST, MSX) have a BPB, but neither jump nor signature.
    private static bool HasMedia(BlockSource volume, FatGeometry geometry, byte media)
    {
        Span<byte> fat = stackalloc byte[3];
        if (geometry.FatOffset > volume.Length - fat.Length || geometry.Length != volume.Length)
        {
            return false;
        }

        volume.Read(geometry.FatOffset, fat);
        return fat[0] == media && fat[1] == 0xff && fat[2] == 0xff;
    }
}
