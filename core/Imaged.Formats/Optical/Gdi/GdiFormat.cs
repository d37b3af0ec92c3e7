using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Descriptors;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical.Gdi;

/// <summary>A GD-ROM: a text that lists a file for every track.</summary>
internal sealed class GdiFormat : IImageFormat
{
    private const int FirstHighDensityTrack = 3;
    private const int MaxLength = 1 << 16;
    private const int FieldCount = 6;

    public static FormatInfo Info { get; } = new(
        "gdi",
        "GD-ROM with a file for every track",
        [".gdi"],
        FormatCaps.Read | FormatCaps.Split | FormatCaps.Descriptor);

    public static Match Probe(ProbeWindow window)
    {
        if (window.Length > MaxLength)
        {
            return Match.No;
        }

        string[] lines = [.. DescriptorText.Lines(DescriptorText.ReadHead(window)).Take(2).Select(item => item.Line)];
        return lines.Length == 2 && TryParse(lines[0], 1, Disc.MaxTracks, out _) && Split(lines[1]) is { } fields
            && TryParse(fields[0], 1, Disc.MaxTracks, out _) && fields[2] is "0" or "4"
            && TryParse(fields[3], 2048, 2448, out _)
            ? Match.Strong
            : Match.No;
    }

    public static DiskImage Open(ImageOpener opener)
    {
        (int Offset, string Line)[] lines =
            [.. DescriptorText.Lines(DescriptorText.Read(opener.Content, Info.Id)).Take(Disc.MaxTracks + 2)];
        if (lines.Length == 0
            || !TryParse(lines[0].Line, 1, Disc.MaxTracks, out long count)
            || count != lines.Length - 1)
        {
            throw new ImageFormatException(
                Info.Id, 0, $"its first line does not say that {lines.Length - 1} tracks follow");
        }

        List<string> warnings = [];
        CompanionFiles files = new(Info.Id, opener, warnings);
        DiscBuilder builder = new(Info.Id, DiscMedium.GdRom);
        foreach ((int offset, string line) in lines[1..])
        {
            Add(builder, files, line, offset, warnings);
        }

        return DiscImage.Create(Info, builder.Build(), warnings);
    }

    private static void Add(DiscBuilder builder, CompanionFiles files, string line, int offset, List<string> warnings)
    {
        if (Split(line) is not { } fields || !TryParse(fields[0], 1, Disc.MaxTracks, out long number)
            || !TryParse(fields[1], 0, int.MaxValue, out long lba) || !TryParse(fields[2], 0, 15, out long control)
            || !TryParse(fields[3], 0, int.MaxValue, out long length)
                || !TryParse(fields[5], 0, int.MaxValue, out long begin))
        {
            throw new ImageFormatException(
                Info.Id, offset, "a track is not number, sector, type, size, file and offset");
        }

        if (StoredSector.OfLength((int)length) is not { } stored)
        {
            throw new ImageFormatException(Info.Id, offset, $"track {number} has sectors of {length} bytes");
        }

        (BlockSource source, string name) = files.Open(fields[4], offset);
        long count = (source.Length - begin) / stored.Length;
        if (count < 1)
        {
            ImageFormatException.Throw(Info.Id, offset, $"'{name}' ends before track {number} begins");
        }

        if ((source.Length - begin) % stored.Length is var rest and > 0)
        {
            warnings.Add($"the last {rest} bytes of '{name}' are less than a sector of {stored.Length}");
        }

        TrackMode mode = (control & 4) == 0 ? TrackMode.Audio : TrackMode.Mode1;
        if (mode != TrackMode.Audio && stored.Layout == SectorLayout.Raw2352)
        {
            mode = RawDetector.FindMode(source, begin, stored.Length) ?? mode;
        }
        else if (stored.Layout is SectorLayout.Mode2Data2336)
        {
            mode = TrackMode.Mode2;
        }

        builder.Add(
            new DiscTrack((int)number, number < FirstHighDensityTrack ? 1 : 2, mode)
            {
                StartLba = lba,
                Control = (int)control,
            },
            [stored.Run(lba, count, source, begin)],
            offset);
    }

    // The name may be in quotes; without them it may hold blanks all the same.
    private static string[]? Split(string line)
    {
        string[] words = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (words.Length < FieldCount)
        {
            return null;
        }

        string head = string.Join(' ', words[..4]);
        int begin = 0;
        for (int i = 0; i < 4; i++)
        {
            begin = line.IndexOf(words[i], begin, StringComparison.Ordinal) + words[i].Length;
        }

        int end = line.LastIndexOfAny([' ', '\t']);
        return end <= begin ? null : [.. head.Split(' '), line[begin..end].Trim().Trim('"'), words[^1]];
    }

    private static bool TryParse(string text, long min, long max, out long value) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= min && value <= max;
}
