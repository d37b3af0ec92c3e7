using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Partitions.Mbr;

namespace Imaged.Formats.Partitions.Gpt;

/// <summary>The GUID partition table (UEFI specification, chapter 5): a header and an array of entries behind the
/// protective MBR, and a copy of both at the end of the disk.</summary>
internal sealed class GptTable : IPartitionTableFormat
{
    private const int NameOffset = 56;
    private const int NameLength = 72;

    // 512 first: by far the usual one. The header's own address decides, so that only one of them can match.
    private static readonly int[] SectorSizes = [512, 4096, 2048, 1024];

    /// <summary>Its id.</summary>
    internal const string GptId = "gpt";

    public static string Id => GptId;

    public static PartitionTable? Read(BlockSource disk)
    {
        Span<byte> sector = stackalloc byte[512];
        if (!PartitionCollector.TryRead(disk, 0, sector))
        {
            return null;
        }

        // A GPT counts only behind an MBR that protects it: partitioning programs that know nothing of GPT, and mkfs on
        // a whole disk, leave old headers behind. Where sector 0 was wiped nothing contradicts an intact first copy.
        bool isSigned = MbrEntry.HasSignature(sector);
        bool isProtected = isSigned && MbrTable.IsProtective(sector);
        if (isSigned && !isProtected)
        {
            return null;
        }

        foreach (int sectorSize in SectorSizes)
        {
            if (ReadCopy(disk, sectorSize, 1) is { } first)
            {
                return Build(disk, sectorSize, first, isProtected);
            }
        }

        foreach (int sectorSize in isProtected && !disk.IsOneWay ? SectorSizes : [])
        {
            long last = (disk.Length / sectorSize) - 1;
            if (last > 1 && ReadCopy(disk, sectorSize, (ulong)last) is { } backup)
            {
                PartitionCollector partitions = new(disk, sectorSize);
                partitions.Warn("the first copy of the GPT is damaged; the partitions are from the backup at the end");
                AddAll(backup, partitions);
                return partitions.ToTable(Id, Text(backup.Header.DiskId));
            }
        }

        return null;
    }

    private static PartitionTable Build(BlockSource disk, int sectorSize, Copy first, bool isProtected)
    {
        PartitionCollector partitions = new(disk, sectorSize);
        if (!isProtected)
        {
            partitions.Warn("there is no protective MBR before the GPT");
        }

        ulong last = (ulong)(disk.Length / sectorSize) - 1;
        if (disk.IsOneWay && first.Header.Alternate <= last)
        {
            AddAll(first, partitions);
            return partitions.ToTable(Id, Text(first.Header.DiskId));
        }

        if (ReadCopy(disk, sectorSize, first.Header.Alternate) is not { } backup)
        {
            partitions.Warn(first.Header.Alternate > last
                ? "the backup of the GPT lies behind the end of the disk: the image may be cut off"
                : "the backup of the GPT is damaged");
        }
        else if (backup.Header.EntriesChecksum != first.Header.EntriesChecksum
            || backup.Header.DiskId != first.Header.DiskId)
        {
            partitions.Warn("the two copies of the GPT differ; the first one is used");
        }

        AddAll(first, partitions);
        return partitions.ToTable(Id, Text(first.Header.DiskId));
    }

    // A header and its entries when both checksums are right.
    private static Copy? ReadCopy(BlockSource disk, int sectorSize, ulong lba)
    {
        if (lba == 0 || lba >= (ulong)(disk.Length / sectorSize))
        {
            return null;
        }

        byte[] sector = disk.ReadBytes((long)lba * sectorSize, sectorSize);
        if (!GptHeader.TryParse(sector, lba, out GptHeader header)
            || header.Entries >= (ulong)(disk.Length / sectorSize)
            || ((long)header.Entries * sectorSize) + header.ArrayLength > disk.Length)
        {
            return null;
        }

        byte[] entries = disk.ReadBytes((long)header.Entries * sectorSize, header.ArrayLength);
        return Crc32.HashToUInt32(entries) == header.EntriesChecksum ? new Copy(header, entries) : null;
    }

    private static void AddAll(Copy copy, PartitionCollector partitions)
    {
        GptHeader header = copy.Header;
        for (int i = 0; i < header.EntryCount && !partitions.IsFull; i++)
        {
            ReadOnlySpan<byte> entry = copy.Entries.AsSpan(i * header.EntrySize, header.EntrySize);
            Guid type = new(entry[..16]);
            if (type == Guid.Empty)
            {
                continue;
            }

            ulong first = BinaryPrimitives.ReadUInt64LittleEndian(entry[32..]);
            ulong last = BinaryPrimitives.ReadUInt64LittleEndian(entry[40..]);
            if (last < first || last == ulong.MaxValue)
            {
                partitions.Warn($"partition {i + 1} ends before it begins (sectors {first} to {last}) and is left out");
                continue;
            }

            // Bit 2: bootable by a BIOS.
            bool bootable = (BinaryPrimitives.ReadUInt64LittleEndian(entry[48..]) & 4) != 0;
            string typeId = type.ToString().ToUpperInvariant();
            Partition partition = new(i + 1, 0, 0, typeId, GptTypes.Name(typeId))
            {
                Name = ReadName(entry.Slice(NameOffset, NameLength)),
                Uuid = Text(new Guid(entry.Slice(16, 16))),
                Bootable = bootable,
            };
            partitions.Add(partition, first, last - first + 1);
        }
    }

    // UTF-16LE up to a NUL; lone surrogates become U+FFFD.
    private static string? ReadName(ReadOnlySpan<byte> raw)
    {
        int length = 0;
        while (length < raw.Length && (raw[length] | raw[length + 1]) != 0)
        {
            length += 2;
        }

        return length == 0 ? null : Encoding.Unicode.GetString(raw[..length]);
    }

    /// <summary>A GUID as it is told.</summary>
    internal static string Text(Guid id) => id.ToString("D", CultureInfo.InvariantCulture);

    private sealed record Copy(GptHeader Header, byte[] Entries);
}
