using System.Buffers.Binary;
using Imaged.Formats.Model;

namespace Imaged.Formats.Udf;

/// <summary>Builds the partitions of a volume from the maps in its logical volume descriptor.</summary>
internal static class UdfPartitionMaps
{
    private const int Type2Length = 64;

    /// <summary>Fills <see cref="UdfVolume.Partitions"/>.</summary>
    /// <param name="volume">A volume without partitions.</param>
    /// <param name="warnings">Takes what is odd.</param>
    public static void Build(UdfVolume volume, List<string> warnings)
    {
        UdfSequence sequence = volume.Sequence;
        if (sequence.MapCount is 0 or > UdfVolume.MaxPartitions)
        {
            ImageFormatException.Throw(
                UdfFileSystem.Id, 0, $"{sequence.MapCount} partition maps, not 1 to {UdfVolume.MaxPartitions}");
        }

        List<byte[]> maps = [];
        ReadOnlySpan<byte> rest = sequence.Maps;
        for (uint i = 0; i < sequence.MapCount; i++)
        {
            if (rest.Length < 6 || rest[1] < 6 || rest[1] > rest.Length)
            {
                ImageFormatException.Throw(UdfFileSystem.Id, 0, $"partition map {i} leaves the table of maps");
            }

            maps.Add(rest[..rest[1]].ToArray());
            rest = rest[rest[1]..];
        }

        // First those that lie on the volume, then those that lie in others.
        foreach (byte[] map in maps)
        {
            volume.Partitions.Add(MakeDirect(volume, map, warnings) ?? new UdfUnknownPartition());
        }

        for (int i = 0; i < maps.Count; i++)
        {
            bool isVirtual = IsType2(maps[i], "*UDF Virtual Partition"u8);
            if (!isVirtual && !IsType2(maps[i], "*UDF Metadata Partition"u8))
            {
                continue;
            }

            int inner = FindInner(volume, maps, Number(maps[i]));
            if (inner < 0)
            {
                ImageFormatException.Throw(
                    UdfFileSystem.Id, 0, $"partition map {i} refers to partition {Number(maps[i])}, which has no map");
            }

            volume.Partitions[i] = isVirtual
                ? UdfVirtualTable.Load(volume, (ushort)inner, PartitionStart(volume, Number(maps[i])), warnings)
                : MakeMetadata(volume, maps[i], (ushort)inner, warnings);
        }
    }

    private static UdfPartition? MakeDirect(UdfVolume volume, byte[] map, List<string> warnings)
    {
        if (map[0] == 1)
        {
            return new UdfPhysicalPartition(
                PartitionStart(volume, BinaryPrimitives.ReadUInt16LittleEndian(map.AsSpan(4))));
        }

        return IsType2(map, "*UDF Sparable Partition"u8)
            ? UdfSparingTable.Load(volume, map, PartitionStart(volume, Number(map)), warnings)
            : null;
    }

    private static UdfMetadataPartition MakeMetadata(
        UdfVolume volume, ReadOnlySpan<byte> map, ushort inner, List<string> warnings)
    {
        uint main = BinaryPrimitives.ReadUInt32LittleEndian(map[40..]);
        uint mirror = BinaryPrimitives.ReadUInt32LittleEndian(map[44..]);
        UdfRunList? file = null;
        UdfRunList? copy = null;
        ImageFormatException? error = null;
        try
        {
            file = ReadMetadataFile(volume, new(inner, main));
        }
        catch (ImageFormatException wrong)
        {
            error = wrong;
        }

        try
        {
            copy = mirror == main ? null : ReadMetadataFile(volume, new(inner, mirror));
        }
        catch (ImageFormatException) when (file is not null)
        {
            warnings.Add("the mirror of the metadata file is damaged");
        }

        if (file is null)
        {
            warnings.Add("the metadata file is damaged, its mirror is used");
        }

        UdfRunList used = file ?? copy ?? throw error!;
        return new(volume.Partitions[inner], volume.BlockSize, used, file is null ? null : copy);
    }

    private static UdfRunList ReadMetadataFile(UdfVolume volume, UdfAddress address)
    {
        byte[] block = new byte[volume.BlockSize];
        UdfIcb icb = volume.ReadIcb(address, block);
        UdfRunList runs = UdfAllocation.Read(volume, icb, block);
        if (icb.FileType is not (UdfFileType.Metadata or UdfFileType.MetadataMirror)
            || !runs.IsWithin(address.Partition))
        {
            volume.Throw(address, $"file type {(int)icb.FileType} is not that of a metadata file in its own partition");
        }

        return runs;
    }

    private static bool IsType2(ReadOnlySpan<byte> map, ReadOnlySpan<byte> id) =>
        map[0] == 2 && map.Length >= Type2Length && map.Slice(5, 23).StartsWith(id);

    private static ushort Number(ReadOnlySpan<byte> map) => BinaryPrimitives.ReadUInt16LittleEndian(map[38..]);

    private static uint PartitionStart(UdfVolume volume, ushort number)
    {
        if (!volume.Sequence.Partitions.TryGetValue(number, out UdfPartitionDescriptor? partition))
        {
            ImageFormatException.Throw(UdfFileSystem.Id, 0, $"partition {number} has a map but no descriptor");
        }

        return partition.Start;
    }

    private static int FindInner(UdfVolume volume, List<byte[]> maps, ushort number)
    {
        for (int i = 0; i < maps.Count; i++)
        {
            bool same = volume.Partitions[i] switch
            {
                UdfPhysicalPartition => BinaryPrimitives.ReadUInt16LittleEndian(maps[i].AsSpan(4)) == number,
                UdfSparablePartition => Number(maps[i]) == number,
                _ => false,
            };
            if (same)
            {
                return i;
            }
        }

        return -1;
    }
}
