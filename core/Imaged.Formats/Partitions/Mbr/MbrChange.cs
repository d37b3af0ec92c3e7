using System.Buffers.Binary;
using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Partitions.Mbr;

/// <summary>Plans an MBR as it has to be on another disk.</summary>
internal static class MbrChange
{
    private const int DiskIdOffset = 440;

    /// <summary>Plans the change. Logical partitions do not grow: the one that ends last is then in an extended
    /// one.</summary>
    /// <returns>Null when nothing changes.</returns>
    public static ChangedTable? Plan(BlockSource disk, PartitionTable table, TableChange change)
    {
        byte[] sector = disk.ReadBytes(0, 512);
        long? grown = change.Grow is { } number and <= MbrEntry.EntryCount
            ? Grow(sector, number - 1, change.Length, table.SectorSize)
            : null;
        List<(string Old, string New)> ids = [];
        if (change.NewId is { } newId)
        {
            uint id = NewDiskId(newId);
            BinaryPrimitives.WriteUInt32LittleEndian(sector.AsSpan(DiskIdOffset), id);
            string text = id.ToString("x8", CultureInfo.InvariantCulture);
            ids = [.. table.Partitions.Where(partition => partition.Uuid is not null)
                .Select(partition => (partition.Uuid!, text + partition.Uuid![text.Length..]))];
        }

        return grown is null && change.NewId is null
            ? null
            : new([new(0, sector)]) { GrownLength = grown, Ids = [.. ids] };
    }

    private static long? Grow(byte[] head, int index, long length, int sectorSize)
    {
        MbrEntry entry = MbrEntry.Parse(head, index);
        for (int i = 0; i < MbrEntry.EntryCount; i++)
        {
            // An extended partition may hold nothing, and be in the way all the same.
            MbrEntry other = MbrEntry.Parse(head, i);
            if (!other.IsEmpty && other.First > entry.First)
            {
                return null;
            }
        }

        long first = (long)entry.First * sectorSize;
        long end = Math.Min(length, first + ((long)uint.MaxValue * sectorSize));
        long count = (PartitionTables.AlignEnd(end, first + ((long)entry.Count * sectorSize)) - first) / sectorSize;
        if (count <= entry.Count)
        {
            return null;
        }

        MbrEntry.WriteCount(head, index, (uint)count);
        return count * sectorSize;
    }

    // Not 0, which stands for none.
    private static uint NewDiskId(Func<Guid> newId)
    {
        uint id;
        do
        {
            id = BinaryPrimitives.ReadUInt32LittleEndian(newId().ToByteArray());
        }
        while (id == 0);
        return id;
    }
}
