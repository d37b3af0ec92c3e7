using System.Globalization;
using System.Text;
using Imaged.Ipc.Contract;

namespace Imaged.Cli.Output;

/// <summary><see cref="ImageInfo"/> for people.</summary>
internal static class InfoText
{
    private const int LabelWidth = 17;

    /// <summary>Formats from the file inwards, partitions, file systems, warnings.</summary>
    public static StringBuilder Of(ImageInfo info)
    {
        StringBuilder text = new();
        Line(text, 0, "File", $"{SafeText.Name(info.File)}, {HumanSize.WithBytes(info.Size)}");
        foreach (Layer layer in info.Layers)
        {
            Write(text, layer, info);
        }

        if (info.Disc is DiscInfo disc)
        {
            Write(text, disc);
        }

        if (info.PartitionTable is PartitionTable table)
        {
            Write(text, table);
        }

        foreach (Volume volume in info.Volumes)
        {
            Write(text, volume, 0);
        }

        foreach (string warning in info.Warnings)
        {
            Line(text, 0, "Warning", SafeText.Sentence(warning));
        }

        return text;
    }

    private static void Write(StringBuilder text, Layer layer, ImageInfo info)
    {
        string size = string.Create(
            CultureInfo.InvariantCulture, $"{HumanSize.Of(layer.Size)} in sectors of {layer.SectorSize} bytes");
        Line(text, 0, "Format", $"{SafeText.Sentence(layer.Title)} ({SafeText.Sentence(layer.Format)}), {size}");
        Write(text, layer.Details, 2);
        if (layer.Files is not [HostFileInfo only] || only.Name != info.File)
        {
            foreach (HostFileInfo file in layer.Files)
            {
                Line(text, 2, "file", $"{SafeText.Name(file.Name)}, {HumanSize.Of(file.Size)}");
            }
        }
    }

    private static void Write(StringBuilder text, DiscInfo disc)
    {
        int sessions = disc.Tracks.Select(track => track.Session).Distinct().Count();
        string count = string.Create(
            CultureInfo.InvariantCulture,
            $"{disc.Medium.ToUpperInvariant()}, {sessions} session{(sessions == 1 ? string.Empty : "s")}, "
            + $"{disc.Tracks.Count} track{(disc.Tracks.Count == 1 ? string.Empty : "s")}");
        Line(text, 0, "Disc", SafeText.Sentence(count));
        WriteWords(text, disc);
        TextTable rows = new(">Session", ">Track", "Mode", ">Pregap", ">Start", ">Sectors", ">Stored", "Title");
        foreach (DiscTrackInfo track in disc.Tracks)
        {
            string stored = track.SubchannelBytes == 0
                ? track.StoredBytes.ToString(CultureInfo.InvariantCulture)
                : string.Create(CultureInfo.InvariantCulture, $"{track.StoredBytes}+{track.SubchannelBytes}");
            rows.Add(
                track.Session.ToString(CultureInfo.InvariantCulture),
                track.Number.ToString(CultureInfo.InvariantCulture),
                SafeText.Sentence(track.Mode),
                track.Pregap.ToString(CultureInfo.InvariantCulture),
                track.Start.ToString(CultureInfo.InvariantCulture),
                track.Length.ToString(CultureInfo.InvariantCulture),
                stored,
                SafeText.Name(
                    string.Join(" / ", new[] { track.Performer, track.Title }.Where(word => word is not null))));
        }

        rows.Write(text, "  ");
    }

    private static void WriteWords(StringBuilder text, DiscInfo disc)
    {
        foreach ((string label, string? value) in
            new[] { ("title", disc.Title), ("performer", disc.Performer), ("catalogue", disc.CatalogNumber) })
        {
            if (value is { Length: > 0 })
            {
                Line(text, 2, label, SafeText.Name(value));
            }
        }
    }

    private static void Write(StringBuilder text, PartitionTable table)
    {
        string uuid = table.Uuid is null ? string.Empty : $", {SafeText.Sentence(table.Uuid)}";
        Line(text, 0, "Partitions", $"{SafeText.Sentence(table.Type)}{uuid}");
        TextTable rows = new(">No.", ">Start", ">Size", "Type", "Boot", "File system", "Label", "Name");
        foreach (Partition partition in table.Partitions)
        {
            rows.Add(
                partition.Number.ToString(CultureInfo.InvariantCulture),
                partition.Offset.ToString(CultureInfo.InvariantCulture),
                HumanSize.Of(partition.Size),
                SafeText.Sentence(partition.TypeName.Length > 0 ? partition.TypeName : partition.Type),
                partition.Bootable ? "*" : string.Empty,
                string.Join(", ", partition.Volumes.Select(volume => Kind(volume))),
                string.Join(", ", partition.Volumes.Where(volume => volume.Label is not null)
                    .Select(volume => SafeText.Name(volume.Label!))),
                SafeText.Name(partition.Name ?? string.Empty));
        }

        if (!rows.IsEmpty)
        {
            rows.Write(text, "  ");
        }

        foreach (string warning in table.Warnings)
        {
            Line(text, 2, "warning", SafeText.Sentence(warning));
        }

        foreach (Partition partition in table.Partitions)
        {
            foreach (string warning in partition.Volumes.SelectMany(volume => volume.Warnings))
            {
                string sentence = string.Create(
                    CultureInfo.InvariantCulture, $"partition {partition.Number}: {SafeText.Sentence(warning)}");
                Line(text, 2, "warning", sentence);
            }
        }
    }

    private static void Write(StringBuilder text, Volume volume, int indent)
    {
        List<string> facts = [Kind(volume)];
        if (volume.Label is { Length: > 0 } label)
        {
            facts.Add($"label '{SafeText.Name(label)}'");
        }

        if (volume.Uuid is { Length: > 0 } uuid)
        {
            facts.Add("UUID " + SafeText.Sentence(uuid));
        }

        facts.Add(HumanSize.Of(volume.Size));
        Line(text, indent, "File system", string.Join(", ", facts));
        Write(text, volume.Details, indent + 2);
        foreach (string warning in volume.Warnings)
        {
            Line(text, indent + 2, "warning", SafeText.Sentence(warning));
        }
    }

    private static string Kind(Volume volume)
    {
        // A version may say it all: ext4, FAT32.
        string version = volume.Version ?? string.Empty;
        string name = version.StartsWith(volume.FileSystem, StringComparison.OrdinalIgnoreCase)
            ? version
            : $"{volume.FileSystem} {version}".TrimEnd();
        return SafeText.Sentence(name) + (volume.Readable ? string.Empty : " (not readable)");
    }

    private static void Write(StringBuilder text, IReadOnlyList<Detail> details, int indent)
    {
        foreach (Detail detail in details)
        {
            Line(text, indent, SafeText.Sentence(detail.Name), SafeText.Name(detail.Value));
        }
    }

    private static void Line(StringBuilder text, int indent, string label, string value) =>
        text.Append(' ', indent).Append(label.PadRight(LabelWidth - indent - 1)).Append(' ').Append(value).Append('\n');
}
