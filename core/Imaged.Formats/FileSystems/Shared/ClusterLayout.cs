namespace Imaged.Formats.Shared;

/// <summary>A file allocation table and the clusters that it is about: what the members of the FAT family have in
/// common. Offsets and lengths in bytes.</summary>
internal abstract class ClusterLayout
{
    /// <summary>Length of a directory entry.</summary>
    public const int EntrySize = 32;

    /// <summary>Number of the first cluster; the entries before it hold flags.</summary>
    public const uint FirstCluster = 2;

    /// <summary>Id of the file system, for errors.</summary>
    public abstract string FormatId { get; }

    /// <summary>Bits of a FAT entry that count: 12, 16, 28 (of 32) or 32.</summary>
    public abstract int EntryBits { get; }

    public int ClusterSize { get; protected init; }

    public uint ClusterCount { get; protected init; }

    /// <summary>Offset of the FAT to use.</summary>
    public long FatOffset { get; protected init; }

    /// <summary>Length of one FAT.</summary>
    public long FatLength { get; protected init; }

    /// <summary>Offset of cluster 2.</summary>
    public long DataOffset { get; protected init; }

    public long ClusterOffset(uint cluster) => DataOffset + ((long)(cluster - FirstCluster) * ClusterSize);

    public bool IsCluster(uint cluster) => cluster >= FirstCluster && cluster - FirstCluster < ClusterCount;
}
