using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Xunit;

namespace Imaged.TestKit.Contracts;

/// <summary>What every change of a partition table keeps to, whatever the table says.</summary>
public static class TableChangeContract
{
    /// <summary>Plans all kinds of changes of the table of a disk: what is to be written lies on the longer disk, each
    /// byte once, and the table is still found.</summary>
    public static void Check(BlockSource disk)
    {
        if (PartitionTables.Read(disk) is not { Partitions.IsEmpty: false } table)
        {
            return;
        }

        int last = table.Partitions.MaxBy(partition => partition.Offset + partition.Length)!.Number;
        foreach (long length in (long[])[disk.Length, disk.Length + table.SectorSize, disk.Length + (40L << 20)])
        {
            foreach (int? grow in (int?[])[null, last])
            {
                Check(disk, table, new(length) { Grow = grow });
                Check(disk, table, new(length) { Grow = grow, NewId = Guid.NewGuid });
            }
        }
    }

    private static void Check(BlockSource disk, PartitionTable table, TableChange change)
    {
        if (PartitionTables.Change(disk, table, change) is not { } changed)
        {
            return;
        }

        foreach (DiskPatch patch in changed.Patches)
        {
            Assert.InRange(patch.Offset, 0, change.Length);
            Assert.InRange(patch.Bytes.Length, 1, change.Length - patch.Offset);
        }

        Assert.Equal(
            changed.Patches.Sum(patch => (long)patch.Bytes.Length),
            BlockRange.Union(changed.Patches.Select(patch => patch.Range)).Sum(range => range.Length));
        if (changed.GrownLength is { } grown)
        {
            Partition partition = table.Partitions.Single(partition => partition.Number == change.Grow);
            Assert.InRange(grown, partition.Length + 1, change.Length - partition.Offset);
        }
    }
}
