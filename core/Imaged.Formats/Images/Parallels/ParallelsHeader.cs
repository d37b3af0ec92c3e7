using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Parallels;

/// <summary>The header of an expanding Parallels disk, checked (QEMU's docs/interop/parallels). Numbers are little
/// endian.</summary>
/// <param name="Length">Length of the disk in bytes.</param>
/// <param name="ClusterLength">Length of a cluster in bytes: any number of sectors.</param>
/// <param name="Unit">Bytes that a table entry counts in: a sector, or in the newer kind a cluster.</param>
/// <param name="IsOpen">Whether the disk was not closed.</param>
internal sealed record ParallelsHeader(long Length, long ClusterLength, long Unit, bool IsOpen)
{
    /// <summary>Length of the header in bytes; the table follows.</summary>
    public const int Size = 64;

    private const int SectorLength = 512;
    private const uint InUse = 0x746f6e59;
    private const uint MaxClusterSectors = (256 << 20) / SectorLength;
    private const ulong MaxSectors = 1ul << 50;

    /// <summary>Whether a file begins with a header of either kind.</summary>
    public static bool IsParallels(ReadOnlySpan<byte> head) => IsOld(head) || IsNew(head);

    /// <summary>Parses and checks the header.</summary>
    /// <exception cref="ImageFormatException">It is wrong.</exception>
    /// <exception cref="UnsupportedFeatureException">The version is not 2.</exception>
    public static ParallelsHeader Parse(BlockSource file)
    {
        Span<byte> raw = stackalloc byte[Size];
        if (file.ReadUpTo(0, raw) < Size || !IsParallels(raw))
        {
            ParallelsFormat.Throw(0, "there is no header");
        }

        uint version = BinaryPrimitives.ReadUInt32LittleEndian(raw[16..]);
        uint cluster = BinaryPrimitives.ReadUInt32LittleEndian(raw[28..]);
        uint entries = BinaryPrimitives.ReadUInt32LittleEndian(raw[32..]);
        ulong sectors = BinaryPrimitives.ReadUInt64LittleEndian(raw[36..]);
        if (version != 2)
        {
            throw new UnsupportedFeatureException(ParallelsFormat.Info.Id, $"version {version}");
        }

        // The older kind has 32 bits only; what stands behind them does not count.
        sectors = IsOld(raw) ? sectors & uint.MaxValue : sectors;
        if (cluster is < 1 or > MaxClusterSectors)
        {
            ParallelsFormat.Throw(28, $"the cluster size {cluster} is not 1 to {MaxClusterSectors} sectors");
        }

        if (sectors > MaxSectors || sectors > entries * (ulong)cluster)
        {
            ParallelsFormat.Throw(36, $"{entries} clusters of {cluster} sectors are too few for a disk of {sectors}");
        }

        if (Size + (entries * 4ul) > (ulong)file.Length)
        {
            ParallelsFormat.Throw(32, $"the table of {entries} clusters is not inside the file");
        }

        long clusterLength = cluster * (long)SectorLength;
        return new(
            (long)sectors * SectorLength,
            clusterLength,
            IsOld(raw) ? SectorLength : clusterLength,
            BinaryPrimitives.ReadUInt32LittleEndian(raw[44..]) == InUse);
    }

    private static bool IsOld(ReadOnlySpan<byte> head) => head.StartsWith("WithoutFreeSpace"u8);

    private static bool IsNew(ReadOnlySpan<byte> head) => head.StartsWith("WithouFreSpacExt"u8);
}
