using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Partitions.Apm;
using Imaged.Formats.Partitions.Gpt;
using Imaged.Formats.Partitions.Mbr;

namespace Imaged.Formats;

/// <summary>One registered kind of partition table.</summary>
/// <param name="Id">As <see cref="IPartitionTableFormat.Id"/>.</param>
/// <param name="Read">As <see cref="IPartitionTableFormat.Read"/>.</param>
public sealed record PartitionTableEntry(string Id, Func<BlockSource, PartitionTable?> Read)
{
    /// <summary>The entry of a kind of partition table.</summary>
    public static PartitionTableEntry Of<T>()
        where T : IPartitionTableFormat => new(T.Id, T.Read);
}

/// <summary>All kinds of partition tables. A new one is one folder and one line here.</summary>
public static class PartitionTables
{
    /// <summary>In the order in which they are tried: that of the kernel, so that a loop device with a partition scan
    /// has the same partitions.</summary>
    public static readonly IReadOnlyList<PartitionTableEntry> All =
    [
        PartitionTableEntry.Of<GptTable>(),  // before mbr: only the MBR before it, which protects it, would be found
        PartitionTableEntry.Of<MbrTable>(),  // before apm: hybrid discs carry both, and firmware boots by the MBR
        PartitionTableEntry.Of<ApmTable>(),
    ];

    /// <summary>The partition table of a disk, or null when it has none.</summary>
    public static PartitionTable? Read(BlockSource disk) =>
        All.Select(entry => entry.Read(disk)).FirstOrDefault(table => table is not null);
}
