using System.Buffers.Binary;
using System.IO.Hashing;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Partitions.Mbr;

namespace Imaged.Formats.Partitions.Gpt;

/// <summary>Plans both copies of a GPT as they have to be on another disk: the backup stands at its end (UEFI
/// specification, section 5.3).</summary>
internal static class GptChange
{
    private const int UniqueIdOffset = 16;
    private const int LastOffset = 40;
    private const int DiskIdOffset = 56;

    /// <summary>Plans the change.</summary>
    /// <returns>Null when nothing changes, or the first copy of the table is damaged.</returns>
    public static ChangedTable? Plan(BlockSource disk, PartitionTable table, TableChange change)
    {
        int sector = table.SectorSize;
        long sectors = disk.Length / sector;
        byte[] head = disk.ReadBytes(0, 2 * sector);
        byte[] parsed = head.AsSpan(sector).ToArray();
        if (!GptHeader.TryParse(parsed, 1, out GptHeader header))
        {
            return null;
        }

        // The entries stand between the header and what is usable.
        long arraySectors = (header.ArrayLength + sector - 1) / sector;
        if (header.FirstUsable >= (ulong)sectors
            || header.Entries < 2
            || header.Entries > header.FirstUsable
            || header.FirstUsable - header.Entries < (ulong)arraySectors)
        {
            return null;
        }

        byte[] entries = disk.ReadBytes((long)header.Entries * sector, header.ArrayLength);
        if (Crc32.HashToUInt32(entries) != header.EntriesChecksum)
        {
            return null;
        }

        // An old backup that does not stand at the end of its disk goes there when there is something to be had.
        long end = change.Length / sector;
        bool isLonger = end > sectors || (change.Grow is not null && header.Alternate < (ulong)end - 1);
        bool isMoved = isLonger || header.Alternate >= (ulong)sectors;
        long last = isMoved ? end - 1 : (long)header.Alternate;
        long backupAt = last - arraySectors;
        long lastUsable =
            isMoved ? backupAt - 1 : (long)Math.Min(header.LastUsable, (ulong)Math.Max(0, backupAt - 1));
        if (!isLonger && change is { Grow: null, NewId: null } || lastUsable < (long)header.FirstUsable)
        {
            return null;
        }

        long? grown = change.Grow is { } number
            ? Grow(entries, header, number, (lastUsable + 1) * sector, sector)
            : null;
        List<(string Old, string New)> ids = [];
        if (change.NewId is { } newId)
        {
            WriteId(head.AsSpan(sector + DiskIdOffset), newId());
            ids = ChangeIds(entries, header, newId);
        }

        if (isMoved)
        {
            Protect(head, last);
        }

        Span<byte> first = head.AsSpan(sector, sector);
        Crc32.Hash(entries, first[88..]);
        byte[] backup = new byte[(arraySectors + 1) * sector];
        entries.CopyTo(backup, 0);
        Span<byte> second = backup.AsSpan((int)arraySectors * sector);
        first.CopyTo(second);
        Point(first, 1, last, (long)header.Entries, lastUsable);
        Point(second, last, 1, backupAt, lastUsable);
        List<DiskPatch> patches =
        [
            new(0, head),
            new((long)header.Entries * sector, entries),
            new(backupAt * sector, backup),
        ];
        if (isMoved
            && header.Alternate < (ulong)sectors
            && header.Alternate > header.LastUsable
            && header.Alternate - header.LastUsable > (ulong)arraySectors)
        {
            // The old backup means nothing in the middle of a disk.
            long oldAt = (long)header.Alternate - arraySectors;
            long length = Math.Min(oldAt + arraySectors + 1, backupAt) - oldAt;
            patches.Add(new(oldAt * sector, new byte[length * sector]));
        }

        return new(patches) { IsMoved = isMoved, GrownLength = grown, Ids = [.. ids] };
    }

    // Up to a boundary of 1 MiB, as partitioning programs do, where that is an increase.
    private static long? Grow(byte[] entries, GptHeader header, int number, long end, int sector)
    {
        Span<byte> entry = entries.AsSpan((number - 1) * header.EntrySize, header.EntrySize);
        long first = BinaryPrimitives.ReadInt64LittleEndian(entry[32..]);
        long last = BinaryPrimitives.ReadInt64LittleEndian(entry[LastOffset..]);

        // One that reaches beyond what is usable is known as far as the disk goes.
        if (first < 0 || last < first || last >= end / sector)
        {
            return null;
        }

        for (int i = 0; i < header.EntryCount; i++)
        {
            // What is left out of the list of partitions may be in the way all the same.
            ReadOnlySpan<byte> other = entries.AsSpan(i * header.EntrySize, header.EntrySize);
            if (other[..16].ContainsAnyExcept((byte)0) && BinaryPrimitives.ReadInt64LittleEndian(other[32..]) > first)
            {
                return null;
            }
        }

        long newLast = (PartitionTables.AlignEnd(end, (last + 1) * sector) / sector) - 1;
        if (newLast <= last)
        {
            return null;
        }

        BinaryPrimitives.WriteInt64LittleEndian(entry[LastOffset..], newLast);
        return (newLast + 1 - first) * sector;
    }

    private static List<(string Old, string New)> ChangeIds(byte[] entries, GptHeader header, Func<Guid> newId)
    {
        List<(string Old, string New)> ids = [];
        for (int i = 0; i < header.EntryCount; i++)
        {
            Span<byte> entry = entries.AsSpan(i * header.EntrySize, header.EntrySize);
            if (entry[..16].ContainsAnyExcept((byte)0))
            {
                Guid id = newId();
                ids.Add((GptTable.Text(new(entry.Slice(UniqueIdOffset, 16))), GptTable.Text(id)));
                WriteId(entry[UniqueIdOffset..], id);
            }
        }

        return ids;
    }

    private static void WriteId(Span<byte> destination, Guid id) => id.TryWriteBytes(destination);

    private static void Point(Span<byte> header, long own, long alternate, long entries, long lastUsable)
    {
        BinaryPrimitives.WriteInt64LittleEndian(header[24..], own);
        BinaryPrimitives.WriteInt64LittleEndian(header[32..], alternate);
        BinaryPrimitives.WriteInt64LittleEndian(header[48..], lastUsable);
        BinaryPrimitives.WriteInt64LittleEndian(header[72..], entries);
        int size = (int)BinaryPrimitives.ReadUInt32LittleEndian(header[12..]);
        header.Slice(16, 4).Clear();
        Crc32.Hash(header[..size], header[16..]);
    }

    // The partition of the MBR that covers the disk, as far as 32 bits go.
    private static void Protect(byte[] head, long last)
    {
        for (int i = 0; i < MbrEntry.EntryCount; i++)
        {
            if (MbrEntry.Parse(head, i).IsProtective)
            {
                MbrEntry.WriteCount(head, i, (uint)Math.Min(last, uint.MaxValue));
            }
        }
    }
}
