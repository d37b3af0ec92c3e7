using System.Buffers;
using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Shared;

namespace Imaged.Formats.ExFat;

/// <summary>Where everything of an exFAT volume lies, from its boot sector (exFAT file system specification 3.1).
/// Offsets and lengths in bytes.</summary>
internal sealed class ExFatGeometry : ClusterLayout
{
    private const int BootLength = 512;
    private const int MinSectorShift = 9;
    private const int MaxSectorShift = 12;
    private const int MaxClusterShift = 25;
    private const uint MaxClusters = 0xffff_fff5;
    private const int FlagsOffset = 106;
    private const int PercentOffset = 112;
    private const ushort SecondFatFlag = 1;
    private const ushort DirtyFlag = 2;
    private const ushort FailureFlag = 4;

    // Sectors of the boot region: eleven, and one with their checksum. The copy follows.
    private const int CheckedSectors = 11;
    private const int RegionSectors = 12;

    private ExFatGeometry()
    {
    }

    public override string FormatId => ExFatFileSystem.Id;

    public override int EntryBits => 32;

    public int SectorSize { get; private init; }

    /// <summary>Length of the volume as it says itself.</summary>
    public long Length { get; private init; }

    /// <summary>First cluster of the root directory.</summary>
    public uint RootCluster { get; private init; }

    public uint Serial { get; private init; }

    /// <summary>Major and minor number of the version.</summary>
    public (int Major, int Minor) Revision { get; private init; }

    /// <summary>Number of the FAT and of the bitmap to use: 0, or 1 for the second one of a transaction-safe
    /// volume.</summary>
    public int ActiveFat { get; private init; }

    public bool IsDirty { get; private init; }

    public bool HasFailures { get; private init; }

    /// <summary>What is wrong with the boot region; null when nothing is.</summary>
    public string? BootDamage { get; private init; }

    /// <summary>The geometry of a volume; null when there is no boot sector that is sound. The copy counts only where
    /// the first one at least has the name: an older volume leaves its copy behind when another one is made.</summary>
    public static ExFatGeometry? TryRead(BlockSource volume)
    {
        Span<byte> boot = stackalloc byte[BootLength];
        if (volume.ReadUpTo(0, boot) < boot.Length || !boot[3..].StartsWith("EXFAT   "u8))
        {
            return null;
        }

        ushort flags = BinaryPrimitives.ReadUInt16LittleEndian(boot[FlagsOffset..]);
        ExFatGeometry? main = TryParse(boot, flags, null);
        if (main is not null && IsChecked(volume, 0, main.SectorSize))
        {
            return main;
        }

        for (int shift = MinSectorShift; shift <= MaxSectorShift; shift++)
        {
            long offset = (long)RegionSectors << shift;
            if (volume.ReadUpTo(offset, boot) == boot.Length && boot[3..].StartsWith("EXFAT   "u8)
                && TryParse(boot, flags, "the boot sector is damaged, its copy is used") is { } copy
                && copy.SectorSize == 1 << shift && IsChecked(volume, offset, copy.SectorSize))
            {
                return copy;
            }
        }

        volume.Read(0, boot);
        return TryParse(boot, flags, "the checksum of the boot sector is wrong, and its copy is damaged");
    }

    private static ExFatGeometry? TryParse(ReadOnlySpan<byte> boot, ushort flags, string? damage)
    {
        int sectorShift = boot[108];
        int clusterShift = sectorShift + boot[109];
        int fats = boot[110];
        ulong sectors = BinaryPrimitives.ReadUInt64LittleEndian(boot[72..]);
        uint clusters = BinaryPrimitives.ReadUInt32LittleEndian(boot[92..]);
        if (boot[0] != 0xeb || BinaryPrimitives.ReadUInt16LittleEndian(boot[11..]) != 0
            || sectorShift is < MinSectorShift or > MaxSectorShift || clusterShift > MaxClusterShift
            || fats is not (1 or 2) || sectors > (ulong)(long.MaxValue >> sectorShift)
            || clusters is 0 or > MaxClusters)
        {
            return null;
        }

        long fatOffset = (long)BinaryPrimitives.ReadUInt32LittleEndian(boot[80..]) << sectorShift;
        long fatLength = (long)BinaryPrimitives.ReadUInt32LittleEndian(boot[84..]) << sectorShift;
        long heapOffset = (long)BinaryPrimitives.ReadUInt32LittleEndian(boot[88..]) << sectorShift;
        long length = (long)sectors << sectorShift;
        if (fatOffset < 2L * RegionSectors << sectorShift || fatOffset + (fats * fatLength) > heapOffset
            || heapOffset > length || clusters > (length - heapOffset) >> clusterShift
            || fatLength / 4 < clusters + (long)FirstCluster)
        {
            return null;
        }

        int active = fats == 2 && (flags & SecondFatFlag) != 0 ? 1 : 0;
        return new()
        {
            SectorSize = 1 << sectorShift,
            ClusterSize = 1 << clusterShift,
            ClusterCount = clusters,
            FatOffset = fatOffset + (active * fatLength),
            FatLength = fatLength,
            DataOffset = heapOffset,
            Length = length,
            RootCluster = BinaryPrimitives.ReadUInt32LittleEndian(boot[96..]),
            Serial = BinaryPrimitives.ReadUInt32LittleEndian(boot[100..]),
            Revision = (boot[105], boot[104]),
            ActiveFat = active,
            IsDirty = (flags & DirtyFlag) != 0,
            HasFailures = (flags & FailureFlag) != 0,
            BootDamage = damage,
        };
    }

    // Section 3.4: of all bytes but the flags and the percentage in use.
    private static bool IsChecked(BlockSource volume, long offset, int sectorSize)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(RegionSectors * sectorSize);
        try
        {
            Span<byte> region = buffer.AsSpan(0, RegionSectors * sectorSize);
            if (volume.ReadUpTo(offset, region) < region.Length)
            {
                return false;
            }

            uint sum = 0;
            for (int i = 0; i < CheckedSectors * sectorSize; i++)
            {
                if (i is not (FlagsOffset or (FlagsOffset + 1) or PercentOffset))
                {
                    sum = unchecked(uint.RotateRight(sum, 1) + region[i]);
                }
            }

            return BinaryPrimitives.ReadUInt32LittleEndian(region[(CheckedSectors * sectorSize)..]) == sum;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
