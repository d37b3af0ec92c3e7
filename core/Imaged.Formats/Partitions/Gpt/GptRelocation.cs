using System.Buffers.Binary;
using System.IO.Hashing;
using Imaged.Blocks;
using Imaged.Formats.Partitions.Mbr;

namespace Imaged.Formats.Partitions.Gpt;

/// <summary>A disk with a GPT on a longer one: the table's backup has to stand at the end (UEFI specification, section
/// 5.3).</summary>
public static class GptRelocation
{
    private const int PartitionsAt = 446;
    private const int PartitionLength = 16;

    /// <summary>The disk as it has to be on a longer one: the first copy of the table tells the new end, and the backup
    /// stands there. What lies between is zero.</summary>
    /// <param name="disk">The disk; stays the caller's, and must outlive what is returned.</param>
    /// <param name="length">Length of the longer one in bytes.</param>
    /// <returns>Null when the disk has no intact GPT, or the longer one is no longer.</returns>
    public static BlockSource? Extend(BlockSource disk, long length)
    {
        if (PartitionTables.Read(disk) is not { TypeId: "gpt" } table
            || length / table.SectorSize <= disk.Length / table.SectorSize)
        {
            return null;
        }

        int sector = table.SectorSize;
        byte[] head = disk.ReadBytes(0, 2 * sector);
        byte[] parsed = head.AsSpan(sector).ToArray();
        if (!GptHeader.TryParse(parsed, 1, out GptHeader header)
            || ((long)header.Entries * sector) + header.ArrayLength > disk.Length)
        {
            return null;
        }

        byte[] entries = disk.ReadBytes((long)header.Entries * sector, header.ArrayLength);
        int entriesSectors = (header.ArrayLength + sector - 1) / sector;
        long last = (length / sector) - 1;
        long entriesAt = last - entriesSectors;
        Protect(head, last);
        byte[] backup = new byte[(entriesSectors + 1) * sector];
        entries.CopyTo(backup, 0);
        head.AsSpan(sector, sector).CopyTo(backup.AsSpan(entriesSectors * sector));
        Point(head.AsSpan(sector, sector), 1, last, (long)header.Entries, entriesAt - 1);
        Point(backup.AsSpan(entriesSectors * sector), last, 1, entriesAt, entriesAt - 1);

        // The old backup means nothing in the middle of a disk.
        long kept = disk.Length;
        if ((long)header.Alternate == (disk.Length / sector) - 1)
        {
            kept = Math.Max(head.Length, Math.Min(kept, ((long)header.Alternate - entriesSectors) * sector));
        }

        long backupAt = entriesAt * sector;
        return new ConcatSource(
            [
                new MemorySource(head),
                new SliceSource(disk, head.Length, kept - head.Length, ownsInner: false, sector),
                new ZeroSource(backupAt - kept),
                new MemorySource(backup),
                new ZeroSource(length - backupAt - backup.Length),
            ],
            ownsParts: true);
    }

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
                BinaryPrimitives.WriteUInt32LittleEndian(
                    head.AsSpan(PartitionsAt + (i * PartitionLength) + 12), (uint)Math.Min(last, uint.MaxValue));
            }
        }
    }
}
