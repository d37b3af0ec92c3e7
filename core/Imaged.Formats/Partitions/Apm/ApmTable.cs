using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Partitions.Apm;

/// <summary>The Apple partition map of old Macs, DMGs and hybrid discs. The number of a partition is that of its block,
/// as for the kernel; the map itself and free space are left out.</summary>
internal sealed class ApmTable : IPartitionTableFormat
{
    // Real maps have up to 63 blocks.
    private const int MaxMapLength = 1024;

    public static string Id => "apm";

    public static PartitionTable? Read(BlockSource disk)
    {
        Span<byte> block = stackalloc byte[ApmEntry.Size];
        if (!PartitionCollector.TryRead(disk, 0, block))
        {
            return null;
        }

        // The driver descriptor names the size of a block. On a hybrid disc it may say 2048 while the map stands in
        // blocks of 512; and it may be missing. Only in blocks of the right size all entries of a map are found, so the
        // size with the whole map wins, the named one first.
        bool hasDescriptor = block.StartsWith("ER"u8);
        int named = hasDescriptor ? BinaryPrimitives.ReadUInt16BigEndian(block[2..]) : 0;
        int partial = 0;
        foreach (int size in (ReadOnlySpan<int>)[named, 512, 1024, 2048, 4096])
        {
            if (size is not (512 or 1024 or 2048 or 4096))
            {
                continue;
            }

            int count = CountEntries(disk, size, block, out bool isWhole);
            if (isWhole && (count > 1 || hasDescriptor))
            {
                return ReadMap(disk, size, block);
            }

            // Part of a map is believed only behind a descriptor.
            partial = partial == 0 && count > 1 && hasDescriptor ? size : partial;
        }

        return partial == 0 ? null : ReadMap(disk, partial, block);
    }

    // The entries that stand one behind the other from block 1 on, and whether that is the whole map.
    private static int CountEntries(BlockSource disk, int blockSize, Span<byte> block, out bool isWhole)
    {
        int count = 0;
        long mapLength = MaxMapLength;
        while (count < mapLength && TryReadEntry(disk, blockSize, count + 1, block, out ApmEntry entry))
        {
            if (count == 0)
            {
                mapLength = Math.Min(entry.MapLength, MaxMapLength);
            }

            count++;
        }

        isWhole = count > 0 && count >= mapLength;
        return count;
    }

    private static PartitionTable ReadMap(BlockSource disk, int blockSize, Span<byte> block)
    {
        PartitionCollector partitions = new(disk, blockSize);
        long mapLength = 1;
        for (int number = 1; number <= mapLength && !partitions.IsFull; number++)
        {
            if (!TryReadEntry(disk, blockSize, number, block, out ApmEntry entry))
            {
                partitions.Warn($"entry {number} of the partition map is damaged and is left out");
                continue;
            }

            if (number == 1)
            {
                mapLength = Math.Min(entry.MapLength, MaxMapLength);
            }

            if (entry.IsSpace || entry.Count == 0)
            {
                continue;
            }

            Partition partition = new(number, 0, 0, entry.Type, TypeName(entry.Type))
            {
                Name = entry.Name.Length == 0 ? null : entry.Name,
                Bootable = entry.IsBootable,
            };
            partitions.Add(partition, entry.First, entry.Count);
        }

        return partitions.ToTable(Id, null);
    }

    private static bool TryReadEntry(BlockSource disk, int blockSize, int number, Span<byte> block, out ApmEntry entry)
    {
        entry = default;
        return PartitionCollector.TryRead(disk, (long)number * blockSize, block) && ApmEntry.TryParse(block, out entry);
    }

    private static string TypeName(string type) => type switch
    {
        "Apple_HFS" => "HFS or HFS+",
        "Apple_HFSX" => "HFSX",
        "Apple_APFS" => "APFS",
        "Apple_UFS" => "UFS",
        "Apple_UNIX_SVR2" => "Unix",
        "Apple_Boot" => "boot",
        "Apple_Bootstrap" => "bootstrap",
        "Apple_ISO" => "ISO 9660",
        "DOS_FAT_12" => "FAT12",
        "DOS_FAT_16" => "FAT16",
        "DOS_FAT_32" => "FAT32",
        _ when type.StartsWith("Apple_Driver", StringComparison.Ordinal) => "driver",
        _ => "unknown",
    };
}
