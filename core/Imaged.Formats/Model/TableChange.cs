using System.Collections.Immutable;
using Imaged.Blocks;

namespace Imaged.Formats.Model;

/// <summary>What is to become of a partition table on another disk.</summary>
/// <param name="Length">Length of that disk in bytes, no shorter than the one that the table is from.</param>
public sealed record TableChange(long Length)
{
    /// <summary>Number of the partition that is to reach to the end of the disk: the one that ends last; null for
    /// none.</summary>
    public int? Grow { get; init; }

    /// <summary>Where new ids of disk and partitions come from; null to keep the old ones.</summary>
    public Func<Guid>? NewId { get; init; }
}

/// <summary>A partition table as it is to become.</summary>
/// <param name="Patches">What changes, without overlaps; sectors that both the old and the new disk have may be among
/// them unchanged.</param>
public sealed record ChangedTable(IReadOnlyList<DiskPatch> Patches)
{
    /// <summary>Whether the backup of the table goes to the end of a longer disk.</summary>
    public bool IsMoved { get; init; }

    /// <summary>New length in bytes of the partition that was to grow; null when it stays as it is, since there is no
    /// room.</summary>
    public long? GrownLength { get; init; }

    /// <summary>The ids of partitions before and after, as <see cref="Partition.Uuid"/>.</summary>
    public ImmutableArray<(string Old, string New)> Ids { get; init; } = [];
}
