using System.Buffers.Binary;
using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Partitions.Mbr;

/// <summary>The partition table of the PC: four entries in sector 0, and a chain of extended boot records for logical
/// partitions. Numbers are those the Linux kernel gives.</summary>
internal sealed class MbrTable : IPartitionTableFormat
{
    // The kernel follows a hundred records; a chain without end is a loop or an attack.
    private const int MaxExtendedRecords = 128;
    private const int FirstLogicalNumber = 5;
    private const int SectorLength = 512;

    /// <summary>Its id.</summary>
    internal const string MbrId = "mbr";

    public static string Id => MbrId;

    public static PartitionTable? Read(BlockSource disk)
    {
        Span<byte> sector = stackalloc byte[SectorLength];
        if (!PartitionCollector.TryRead(disk, 0, sector) || !MbrEntry.HasSignature(sector))
        {
            return null;
        }

        // Nothing in an MBR tells the unit of its addresses. It is the disk's sector: 4096 for a 4Kn disk. A smaller
        // one is 512, since an optical image with sectors of 2048 bytes carries its hybrid MBR for USB sticks.
        int sectorSize = disk.SectorSize == 4096 ? 4096 : 512;
        MbrEntry[] entries = new MbrEntry[MbrEntry.EntryCount];
        for (int i = 0; i < entries.Length; i++)
        {
            entries[i] = MbrEntry.Parse(sector, i);
            if (entries[i].Status is not (0x00 or 0x80))
            {
                return null;
            }
        }

        if (!IsTable(sector, entries, (ulong)(disk.Length / sectorSize)))
        {
            return null;
        }

        uint diskId = BinaryPrimitives.ReadUInt32LittleEndian(sector[440..]);
        string? uuid = diskId == 0 ? null : diskId.ToString("x8", CultureInfo.InvariantCulture);
        PartitionCollector partitions = new(disk, sectorSize);
        AddAll(disk, entries, uuid, partitions);
        return partitions.ToTable(Id, uuid);
    }

    /// <summary>Whether the sector protects a GPT: one of its entries is of type EE.</summary>
    internal static bool IsProtective(ReadOnlySpan<byte> sector)
    {
        for (int i = 0; i < MbrEntry.EntryCount; i++)
        {
            if (MbrEntry.Parse(sector, i).IsProtective)
            {
                return true;
            }
        }

        return false;
    }

    // The signature 55 AA also ends the boot sectors of volumes, whose code may look like entries.
    private static bool IsTable(ReadOnlySpan<byte> sector, MbrEntry[] entries, ulong diskSectors)
    {
        if (entries.All(entry => entry.IsEmpty))
        {
            // A blank label, as partitioning programs leave it: a disk id, and no boot sector that jumps over a BPB.
            return BinaryPrimitives.ReadUInt32LittleEndian(sector[440..]) != 0
                && sector[0] is not (0xeb or 0xe9) && !sector.StartsWith("ER"u8);
        }

        return !BootSector.IsVolume(sector) || ArePlausible(entries, diskSectors);
    }

    // Behind a real BPB only a table that is right in everything is a table.
    private static bool ArePlausible(MbrEntry[] entries, ulong diskSectors)
    {
        for (int i = 0; i < entries.Length; i++)
        {
            MbrEntry entry = entries[i];
            if (entry.IsEmpty)
            {
                continue;
            }

            if (entry.Type == 0 || entry.First == 0 || (ulong)entry.First + entry.Count > diskSectors)
            {
                return false;
            }

            for (int j = 0; j < i; j++)
            {
                ulong end = (ulong)entry.First + entry.Count;
                ulong otherEnd = (ulong)entries[j].First + entries[j].Count;
                if (!entries[j].IsEmpty && entries[j].First < end && entry.First < otherEnd)
                {
                    return false;
                }
            }
        }

        return true;
    }

    private static void AddAll(BlockSource disk, MbrEntry[] entries, string? diskId, PartitionCollector partitions)
    {
        int logical = FirstLogicalNumber;
        for (int i = 0; i < entries.Length; i++)
        {
            MbrEntry entry = entries[i];
            if (entry.IsEmpty)
            {
                continue;
            }

            if (entry.IsProtective)
            {
                partitions.Warn("the MBR protects a GPT, but neither copy of the GPT is intact");
            }
            else if (entry.IsExtended)
            {
                AddLogical(disk, entry, diskId, ref logical, partitions);
            }
            else
            {
                Add(partitions, i + 1, entry, entry.First, diskId);
            }
        }
    }

    // Extended boot records, each at an address relative to the extended partition: its data entries are relative to
    // the record itself, its extended entry names the next record. Two entries are usual, some programs fill all four.
    private static void AddLogical(
        BlockSource disk, MbrEntry extended, string? diskId, ref int number, PartitionCollector partitions)
    {
        Span<byte> sector = stackalloc byte[SectorLength];
        HashSet<ulong> visited = [];
        ulong end = (ulong)extended.First + extended.Count;
        ulong record = extended.First;
        ulong recordCount = extended.Count;
        while (visited.Add(record))
        {
            if (visited.Count > MaxExtendedRecords)
            {
                partitions.Warn($"the chain of extended boot records is longer than {MaxExtendedRecords}");
                return;
            }

            if (!PartitionCollector.TryRead(disk, (long)record * partitions.SectorSize, sector)
                || !MbrEntry.HasSignature(sector))
            {
                partitions.Warn($"there is no extended boot record at sector {record}");
                return;
            }

            ulong? next = null;
            for (int i = 0; i < MbrEntry.EntryCount; i++)
            {
                MbrEntry entry = MbrEntry.Parse(sector, i);
                if (entry.IsEmpty)
                {
                    continue;
                }

                ulong first = record + entry.First;
                if (entry.IsExtended)
                {
                    if (next is null)
                    {
                        next = (ulong)extended.First + entry.First;
                        recordCount = entry.Count;
                    }
                }
                else if (i < 2 || IsInside(entry, first, recordCount, extended.First, end))
                {
                    Add(partitions, number++, entry, first, diskId);
                }
            }

            if (next is not { } nextRecord)
            {
                return;
            }

            if (nextRecord >= end)
            {
                partitions.Warn($"the extended boot record at sector {nextRecord} lies outside the extended partition");
                return;
            }

            record = nextRecord;
        }

        partitions.Warn($"the chain of extended boot records comes back to sector {record}");
    }

    // Entries 3 and 4 of a record are often garbage: they count only when they lie inside it, as for the kernel.
    private static bool IsInside(MbrEntry entry, ulong first, ulong recordCount, ulong begin, ulong end) =>
        (ulong)entry.First + entry.Count <= recordCount && first >= begin && first + entry.Count <= end;

    private static void Add(PartitionCollector partitions, int number, MbrEntry entry, ulong first, string? diskId)
    {
        string type = entry.Type.ToString("x2", CultureInfo.InvariantCulture);
        string? uuid = diskId is null ? null : string.Create(CultureInfo.InvariantCulture, $"{diskId}-{number:x2}");
        partitions.Add(
            new Partition(number, 0, 0, type, MbrTypes.Name(entry.Type))
            {
                Uuid = uuid,
                Bootable = entry.Status == 0x80,
            },
            first,
            entry.Count);
    }
}
