using System.Buffers.Binary;
using System.Numerics;
using Imaged.Blocks;

namespace Imaged.Formats.Ntfs;

/// <summary>The boot sector: where the master file table (MFT) is, and how large everything is.</summary>
/// <param name="SectorSize">Bytes, 256 to 4096.</param>
/// <param name="ClusterSize">Bytes, at most 2 MiB.</param>
/// <param name="SectorCount">Sectors of the volume, without the copy of the boot sector behind it.</param>
/// <param name="MftOffset">Byte offset of the first record of the MFT.</param>
/// <param name="MirrorOffset">Byte offset of the copy of its first records.</param>
/// <param name="RecordSize">Bytes of a record of the MFT.</param>
/// <param name="Serial">Serial number.</param>
internal sealed record NtfsBootSector(
    int SectorSize,
    int ClusterSize,
    long SectorCount,
    long MftOffset,
    long MirrorOffset,
    int RecordSize,
    ulong Serial)
{
    /// <summary>Largest record of the MFT, and largest block of an index, in bytes.</summary>
    public const int MaxRecordSize = 65536;

    /// <summary>Smallest record of the MFT, and smallest block of an index, in bytes.</summary>
    public const int MinRecordSize = 256;

    private const int Length = 512;
    private const int MaxClusterSize = 2 << 20;

    /// <summary>Length of the volume in bytes.</summary>
    public long VolumeLength => SectorCount * SectorSize;

    /// <summary>Whole clusters of the volume.</summary>
    public long ClusterCount => VolumeLength / ClusterSize;

    /// <summary>The boot sector of a volume; null when there is none that is sound.</summary>
    public static NtfsBootSector? TryRead(BlockSource volume)
    {
        Span<byte> raw = stackalloc byte[Length];
        if (volume.ReadUpTo(0, raw) < raw.Length || !raw[3..].StartsWith("NTFS    "u8))
        {
            return null;
        }

        int sectorSize = BinaryPrimitives.ReadUInt16LittleEndian(raw[11..]);
        long clusterSize = (long)sectorSize * SectorsPerCluster(raw[13]);
        ulong sectors = BinaryPrimitives.ReadUInt64LittleEndian(raw[40..]);
        ulong mft = BinaryPrimitives.ReadUInt64LittleEndian(raw[48..]);
        ulong mirror = BinaryPrimitives.ReadUInt64LittleEndian(raw[56..]);
        int recordSize = SizeOf(raw[64], (int)Math.Min(clusterSize, int.MaxValue));
        if (sectorSize is < 256 or > 4096 || !BitOperations.IsPow2(sectorSize)
            || clusterSize is <= 0 or > MaxClusterSize || !BitOperations.IsPow2(clusterSize)
            || recordSize is < MinRecordSize or > MaxRecordSize || !BitOperations.IsPow2(recordSize)
            || raw[16] != 0 || sectors == 0 || sectors > (ulong)(long.MaxValue / sectorSize))
        {
            return null;
        }

        ulong clusters = sectors * (ulong)sectorSize / (ulong)clusterSize;
        return mft >= clusters
            ? null
            : new(
                sectorSize,
                (int)clusterSize,
                (long)sectors,
                (long)mft * clusterSize,
                mirror < clusters ? (long)mirror * clusterSize : 0,
                recordSize,
                BinaryPrimitives.ReadUInt64LittleEndian(raw[72..]));
    }

    // Up to 128 as it is; above as a negative power of two, since the number of sectors would not fit.
    private static int SectorsPerCluster(byte value) =>
        value <= 128 ? value : 256 - value <= 20 ? 1 << (256 - value) : 0;

    // Clusters, or as a negative number a power of two of bytes.
    private static int SizeOf(byte value, int clusterSize)
    {
        int count = unchecked((sbyte)value);
        return count > 0
            ? (int)Math.Min((long)count * clusterSize, int.MaxValue)
            : count is <= 0 and > -31 ? 1 << -count : 0;
    }
}
