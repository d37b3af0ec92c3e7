using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Shared;

namespace Imaged.Formats.ExFat;

/// <summary>What an exFAT volume says of itself as a whole: in its boot sector, and in entries of the root
/// directory.</summary>
internal sealed class ExFatVolume
{
    private const byte BitmapType = 0x81;
    private const byte LabelType = 0x83;
    private const byte GuidType = 0xa0;
    private const int MaxLabelLength = 11;

    // They are among the first entries of every volume in the wild.
    private const int MaxEntries = 1024;

    private string? _label;
    private Guid? _guid;

    private ExFatVolume()
    {
    }

    /// <summary>First cluster of the bitmap; 0 when there is none.</summary>
    public uint BitmapCluster { get; private set; }

    /// <summary>Length of the bitmap in bytes.</summary>
    public ulong BitmapLength { get; private set; }

    /// <summary>Reads it; what is damaged is left out.</summary>
    public static ExFatVolume Read(BlockSource volume, ExFatGeometry geometry)
    {
        ExFatVolume found = new();
        long clusters = (MaxEntries * ClusterLayout.EntrySize / geometry.ClusterSize) + 1;
        ClusterTable table = new(volume, geometry);
        ClusterChain chain = geometry.FatOffset + geometry.FatLength <= volume.Length
            ? table.ReadChain(geometry.RootCluster, clusters, mustEnd: false)
            : new([], null);
        ClusterEntryReader entries = new(volume, chain with { Damage = null }, 0, ExFatFileSystem.Id, 0);
        try
        {
            for (int i = 0; i < MaxEntries && entries.MoveNext() && entries.Entry[0] != 0; i++)
            {
                found.Take(entries.Entry, geometry);
            }
        }
        catch (ImageFormatException)
        {
            // The image ends inside an entry.
        }

        return found;
    }

    public VolumeInfo Describe(BlockSource volume, ExFatGeometry geometry)
    {
        ImmutableArray<KeyValuePair<string, string>>.Builder details =
            ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        details.Add(new("Cluster size", geometry.ClusterSize.ToString(CultureInfo.InvariantCulture)));
        details.Add(new("Clusters", geometry.ClusterCount.ToString(CultureInfo.InvariantCulture)));
        if (_guid is { } guid)
        {
            details.Add(new("GUID", guid.ToString("D", CultureInfo.InvariantCulture)));
        }

        uint serial = geometry.Serial;
        return new(ExFatFileSystem.Id, geometry.Length)
        {
            Version = string.Create(
                CultureInfo.InvariantCulture, $"{geometry.Revision.Major}.{geometry.Revision.Minor}"),
            Label = _label,
            Uuid = serial == 0
                ? null
                : string.Create(CultureInfo.InvariantCulture, $"{serial >> 16:X4}-{serial & 0xffff:X4}"),
            KernelType = "exfat",
            Details = details.ToImmutable(),
            Warnings = FindWarnings(volume, geometry),
        };
    }

    private static ImmutableArray<string> FindWarnings(BlockSource volume, ExFatGeometry geometry)
    {
        List<string> warnings = [];
        if (geometry.Length > volume.Length)
        {
            warnings.Add($"the volume has {geometry.Length} bytes, but only {volume.Length} are there");
        }

        if (geometry.BootDamage is { } damage)
        {
            warnings.Add(damage);
        }

        if (geometry.IsDirty)
        {
            warnings.Add("the volume was not unmounted cleanly");
        }

        if (geometry.HasFailures)
        {
            warnings.Add("the volume is marked as having had read or write errors");
        }

        return [.. warnings];
    }

    private void Take(ReadOnlySpan<byte> entry, ExFatGeometry geometry)
    {
        switch (entry[0])
        {
            case LabelType:
                string label = Encoding.Unicode.GetString(entry.Slice(2, Math.Min((int)entry[1], MaxLabelLength) * 2));
                label = label.Split('\0')[0].TrimEnd();
                _label ??= label.Length == 0 ? null : label;
                break;
            case GuidType:
                _guid ??= new Guid(entry.Slice(6, 16));
                break;
            case BitmapType when (entry[1] & 1) == geometry.ActiveFat:
                BitmapCluster = BinaryPrimitives.ReadUInt32LittleEndian(entry[20..]);
                BitmapLength = BinaryPrimitives.ReadUInt64LittleEndian(entry[24..]);
                break;
            default:
                break;
        }
    }
}
