using System.Collections.Immutable;
using System.Globalization;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Clonezilla;

/// <summary>The partition table of a disk as <c>sfdisk --dump</c> writes it (sfdisk(8)), in <c>sda-pt.sf</c>.</summary>
/// <param name="Partitions">By their place on the disk; those without a length are left out.</param>
internal sealed record ClonezillaTable(ImmutableArray<ClonezillaPartition> Partitions)
{
    private const int MaxPartitions = 256;
    private const int SectorLength = 512;
    private const long MaxSector = 1L << 48;
    private const string SectorSizeKey = "sector-size:";
    private const string DeviceFolder = "/dev/";

    /// <summary>Reads a table.</summary>
    /// <param name="text">The dump.</param>
    /// <exception cref="ImageFormatException">It is wrong.</exception>
    public static ClonezillaTable Parse(string text)
    {
        List<ClonezillaPartition> partitions = [];
        foreach (string line in text.Split('\n', StringSplitOptions.TrimEntries))
        {
            if (line.StartsWith(SectorSizeKey, StringComparison.Ordinal))
            {
                long sectorLength = NumberOf(line[SectorSizeKey.Length..], line);
                if (sectorLength != SectorLength)
                {
                    throw new UnsupportedFeatureException(
                        ClonezillaFormat.Info.Id, $"a sector size of {sectorLength} bytes");
                }
            }
            else if (line.StartsWith(DeviceFolder, StringComparison.Ordinal)
                && line.IndexOf(" : ", StringComparison.Ordinal) is var colon and > 0)
            {
                string name = line[DeviceFolder.Length..colon].Trim();
                if (ParsePartition(name, line[(colon + 3)..]) is { } partition)
                {
                    partitions.Add(partition);
                }
            }

            if (partitions.Count > MaxPartitions)
            {
                ClonezillaFormat.Throw($"the table has more than {MaxPartitions} partitions");
            }
        }

        return new([.. partitions.OrderBy(partition => partition.Offset)]);
    }

    private static ClonezillaPartition? ParsePartition(string name, string fields)
    {
        long? start = null;
        long? size = null;
        string type = string.Empty;
        foreach (string field in fields.Split(',', StringSplitOptions.TrimEntries))
        {
            int equals = field.IndexOf('=', StringComparison.Ordinal);
            string value = field[(equals + 1)..].Trim();
            switch (equals < 0 ? string.Empty : field[..equals].TrimEnd())
            {
                case "start":
                    start = NumberOf(value, field);
                    break;
                case "size":
                    size = NumberOf(value, field);
                    break;
                case "type" or "Id":
                    type = value.ToLowerInvariant();
                    break;
                default:
                    break;
            }
        }

        if (start is not { } begin || size is not { } length)
        {
            throw new ImageFormatException(
                ClonezillaFormat.Info.Id, 0, $"the table tells no place or size of the partition '{name}'");
        }

        return length == 0 ? null : new(name, begin * SectorLength, length * SectorLength, type);
    }

    private static long NumberOf(string text, string line)
    {
        if (!long.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out long value)
            || value > MaxSector)
        {
            ClonezillaFormat.Throw($"the table has a line '{line}', whose number is none of sectors");
        }

        return value;
    }
}
