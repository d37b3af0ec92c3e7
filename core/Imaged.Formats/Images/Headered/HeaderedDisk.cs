using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Headered;

/// <summary>Finds the beginning of a disk or volume that stands behind a header nobody has described. A place is only
/// accepted when two things agree there: a boot sector or table, and what it refers to.</summary>
internal static class HeaderedDisk
{
    private const int SearchLength = 1 << 20;
    private const int Step = 512;
    private const int MaxChecks = 64;

    /// <summary>Looks for the only place at which a disk begins.</summary>
    /// <param name="source">The file.</param>
    /// <returns>Its byte offset; null when there is none, or several that have nothing to do with each other.</returns>
    public static long? Find(BlockSource source)
    {
        if (HasVolume(source))
        {
            return 0;
        }

        byte[] head = source.ReadBytes(0, (int)Math.Min(SearchLength + 4096, source.Length));
        long? found = null;
        long end = 0;
        int checks = 0;
        int last = Math.Min(SearchLength, head.Length - 2048);
        for (int offset = Step; offset <= last && checks < MaxChecks; offset += Step)
        {
            // What begins inside of the disk that was found is a partition of it, or a copy of its boot sector.
            if ((found is not null && offset < end) || !MayBegin(head.AsSpan(offset)))
            {
                continue;
            }

            checks++;
            using SliceSource disk = new(source, offset, source.Length - offset);
            if (LengthOf(disk) is not { } length)
            {
                continue;
            }

            if (found is not null)
            {
                return null;
            }

            found = offset;
            end = offset + length;
        }

        return found;
    }

    /// <summary>Whether a partition table or a file system begins at the beginning.</summary>
    public static bool HasVolume(BlockSource source) =>
        PartitionTables.Read(source) is { Partitions.Length: > 0 } || !FileSystems.Probe(source).IsEmpty;

    // The marks of a boot sector, of a GPT behind it, and of ext.
    private static bool MayBegin(ReadOnlySpan<byte> bytes) =>
        BinaryPrimitives.ReadUInt16LittleEndian(bytes[510..]) == 0xaa55
        || bytes[512..].StartsWith("EFI PART"u8)
        || BinaryPrimitives.ReadUInt16LittleEndian(bytes[1080..]) == 0xef53;

    // Length of the disk that begins here; null when none does.
    private static long? LengthOf(BlockSource disk)
    {
        try
        {
            VolumeInfo? volume = FileSystems.Probe(disk).FirstOrDefault(info => CanList(disk, info));
            if (volume is not null)
            {
                return Math.Max(volume.Length, Step);
            }

            if (PartitionTables.Read(disk) is not { } table)
            {
                return null;
            }

            long end = table.Partitions.Select(partition => partition.Offset + partition.Length).DefaultIfEmpty().Max();
            return end <= disk.Length && table.Partitions.Any(partition => IsVolume(disk, partition)) ? end : null;
        }
        catch (Exception error)
            when (error is ImageFormatException or UnsupportedFeatureException or EndOfStreamException)
        {
            return null;
        }
    }

    private static bool IsVolume(BlockSource disk, Partition partition)
    {
        using SliceSource volume = new(disk, partition.Offset, partition.Length);
        return !FileSystems.Probe(volume).IsEmpty;
    }

    // Of a volume that imaged reads, its root directory must be one.
    private static bool CanList(BlockSource disk, VolumeInfo info)
    {
        if (FileSystems.Find(info.FileSystem) is not { Info.CanRead: true } entry || info.Length > disk.Length)
        {
            return false;
        }

        using FileTree tree = entry.Open(disk, new(new BlockCache(1 << 20)));
        return tree.ReadDirectory(tree.Root.Id, 0).Take(1000).All(item => item.Name.Length > 0);
    }
}
