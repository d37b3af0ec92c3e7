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
    private const long Alignment = 1 << 20;

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

    /// <summary>The table of a disk as it is to be on another one.</summary>
    /// <param name="disk">The disk.</param>
    /// <param name="table">What <see cref="Read"/> found on it.</param>
    /// <param name="change">What is to become of it.</param>
    /// <returns>Null when nothing of it changes, or it is damaged or of a kind that imaged does not change.</returns>
    public static ChangedTable? Change(BlockSource disk, PartitionTable table, TableChange change) =>
        table.TypeId switch
        {
            GptTable.GptId => GptChange.Plan(disk, table, change),
            MbrTable.MbrId => MbrChange.Plan(disk, table, change),
            _ => null,
        };

    /// <summary>Where a partition ends that grows: at a multiple of 1 MiB where that is behind its old end, as
    /// partitioning programs have it.</summary>
    /// <param name="limit">Byte offset of the end of the space.</param>
    /// <param name="oldEnd">Byte offset of its end so far.</param>
    internal static long AlignEnd(long limit, long oldEnd)
    {
        long aligned = limit - (limit % Alignment);
        return aligned > oldEnd ? aligned : limit;
    }
}
