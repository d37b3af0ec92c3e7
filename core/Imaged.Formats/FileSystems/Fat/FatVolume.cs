using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Shared;

namespace Imaged.Formats.Fat;

/// <summary>What is known of a FAT volume as a whole.</summary>
internal static class FatVolume
{
    // A label stands in the first clusters of the root directory, usually as its first entry.
    private const int MaxLabelClusters = 100;
    private const int ChunkLength = 512;

    public static VolumeInfo Describe(BlockSource volume, FatGeometry geometry)
    {
        Span<byte> boot = stackalloc byte[512];
        volume.Read(0, boot);
        int serialOffset = geometry.Bits == 32 ? 67 : 39;
        uint serial = geometry.HasBpb ? BinaryPrimitives.ReadUInt32LittleEndian(boot[serialOffset..]) : 0;
        ImmutableArray<KeyValuePair<string, string>>.Builder details =
            ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        details.Add(new("Cluster size", geometry.ClusterSize.ToString(CultureInfo.InvariantCulture)));
        details.Add(new("Clusters", geometry.ClusterCount.ToString(CultureInfo.InvariantCulture)));
        if (geometry.HasBpb && ReadOem(boot.Slice(3, 8)) is { } oem)
        {
            details.Add(new("Made by", oem));
        }

        return new(FatFileSystem.Id, geometry.Length)
        {
            Version = $"FAT{geometry.Bits}",
            Label = ReadLabel(volume, geometry),
            Uuid = serial == 0
                ? null
                : string.Create(CultureInfo.InvariantCulture, $"{serial >> 16:X4}-{serial & 0xffff:X4}"),
            KernelType = "vfat",
            Details = details.ToImmutable(),
            Warnings = FindWarnings(volume, geometry, boot),
        };
    }

    // The label is an entry of the root directory; the one in the boot sector is only a copy of what it once was.
    private static string? ReadLabel(BlockSource volume, FatGeometry geometry)
    {
        if (geometry.RootLength > 0)
        {
            return FindLabel(volume, geometry.RootOffset, geometry.RootLength, out _);
        }

        ClusterTable table = new(volume, geometry);
        uint cluster = geometry.RootCluster;
        for (int i = 0; i < MaxLabelClusters && geometry.IsCluster(cluster); i++)
        {
            string? label = FindLabel(volume, geometry.ClusterOffset(cluster), geometry.ClusterSize, out bool ended);
            if (label is not null || ended)
            {
                return label;
            }

            cluster = table.Read(cluster);
        }

        return null;
    }

    private static string? FindLabel(BlockSource volume, long offset, int length, out bool ended)
    {
        Span<byte> chunk = stackalloc byte[ChunkLength];
        for (int at = 0; at < length; at += ChunkLength)
        {
            int count = volume.ReadUpTo(offset + at, chunk[..Math.Min(ChunkLength, length - at)]);
            for (int i = 0; i + FatGeometry.EntrySize <= count; i += FatGeometry.EntrySize)
            {
                ReadOnlySpan<byte> entry = chunk.Slice(i, FatGeometry.EntrySize);
                DosAttributes attributes = (DosAttributes)(entry[11] & 0x3f);
                ended = entry[0] == 0;
                if (ended)
                {
                    return null;
                }

                // A long-name entry has the label's bit, too, and no cluster, as a label has none.
                bool isLong = (attributes & (DosAttributes)0x0f) == (DosAttributes)0x0f;
                bool hasCluster = (entry[20] | entry[21] | entry[26] | entry[27]) != 0;
                if (entry[0] != 0xe5 && !isLong && !hasCluster
                    && (attributes & (DosAttributes.Label | DosAttributes.Directory)) == DosAttributes.Label)
                {
                    return FatNames.ReadLabel(entry[..11]);
                }
            }
        }

        ended = false;
        return null;
    }

    private static ImmutableArray<string> FindWarnings(
        BlockSource volume, FatGeometry geometry, ReadOnlySpan<byte> boot)
    {
        List<string> warnings = [];
        if (geometry.Length > volume.Length)
        {
            warnings.Add($"the volume has {geometry.Length} bytes, but only {volume.Length} are there");
        }

        // Entry 1 of the FAT has a bit that is clear when the volume was not unmounted, and one that is clear after
        // I/O errors.
        uint flags = new ClusterTable(volume, geometry).Read(1);
        (uint clean, uint sound) = geometry.Bits switch
        {
            16 => (0x8000u, 0x4000u),
            32 => (0x0800_0000u, 0x0400_0000u),
            _ => (0u, 0u),
        };
        bool isDirty = geometry.HasBpb && (boot[geometry.Bits == 32 ? 65 : 37] & 1) != 0;
        if (isDirty || (clean != 0 && (flags & clean) == 0))
        {
            warnings.Add("the volume was not unmounted cleanly");
        }

        if (sound != 0 && (flags & sound) == 0)
        {
            warnings.Add("the volume is marked as having had read or write errors");
        }

        return [.. warnings];
    }

    private static string? ReadOem(ReadOnlySpan<byte> raw)
    {
        raw = raw.TrimEnd(" \0"u8);
        bool isText = !raw.IsEmpty && !raw.ContainsAnyExceptInRange((byte)0x20, (byte)0x7e);
        return isText ? Encoding.ASCII.GetString(raw) : null;
    }
}
