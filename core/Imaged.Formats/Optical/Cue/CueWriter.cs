using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical.Cue;

/// <summary>Writes the cue sheet of a disc whose sectors stand in one file (<see cref="DiscStream"/>).</summary>
public static class CueWriter
{
    /// <summary>The files of <c>convert</c>.</summary>
    internal static ImmutableArray<WriterFile> Plan(WriterInput input, string stem)
    {
        Disc disc = input.RequireDisc("cue");
        return
        [
            new(".cue", new MemorySource(Encoding.UTF8.GetBytes(Write(disc, stem + ".bin")))),
            new(".bin", DiscStream.Open(disc)),
        ];
    }

    /// <summary>The sheet.</summary>
    /// <param name="disc">The disc.</param>
    /// <param name="fileName">Name of the file with the sectors.</param>
    public static string Write(Disc disc, string fileName)
    {
        StringBuilder sheet = new();
        if (disc.CatalogNumber is { } catalog)
        {
            Line(sheet, 0, $"CATALOG {catalog}");
        }

        Words(sheet, 0, disc.Text);
        int session = 1;
        bool hasSessions = disc.Sessions.Length > 1;
        if (hasSessions)
        {
            Line(sheet, 0, $"REM SESSION {session:D2}");
        }

        Line(sheet, 0, $"FILE \"{Quoted(fileName)}\" BINARY");
        foreach (DiscTrack track in disc.Tracks.Where(track => track.EndLba > 0))
        {
            if (hasSessions && track.Session != session)
            {
                session = track.Session;
                Line(sheet, 0, $"REM SESSION {session:D2}");
            }

            Track(sheet, disc, track);
        }

        return sheet.ToString();
    }

    private static void Track(StringBuilder sheet, Disc disc, DiscTrack track)
    {
        string mode = track.Mode switch
        {
            TrackMode.Audio => "AUDIO",
            TrackMode.Mode1 => "MODE1/2352",
            _ => "MODE2/2352",
        };
        Line(sheet, 2, $"TRACK {track.Number:D2} {mode}");
        Words(sheet, 4, track.Text);
        if (track.Isrc is { } isrc)
        {
            Line(sheet, 4, $"ISRC {isrc}");
        }

        List<string> flags = [];
        AddFlag(flags, track.Control, 2, "DCP");
        AddFlag(flags, track.Control, 8, "4CH");
        AddFlag(flags, track.IsData ? 0 : track.Control, 1, "PRE");
        if (flags.Count > 0)
        {
            Line(sheet, 4, $"FLAGS {string.Join(' ', flags)}");
        }

        long position = DiscStream.FirstSectorOf(disc, track);
        long first = DiscStream.FirstLbaOf(track);
        if (track.StartLba > first)
        {
            Line(sheet, 4, $"INDEX 00 {Msf.Text(position)}");
        }

        Line(sheet, 4, $"INDEX 01 {Msf.Text(position + track.StartLba - first)}");
        for (int i = 0; i < track.FurtherIndexes.Length && i < 98; i++)
        {
            Line(sheet, 4, $"INDEX {i + 2:D2} {Msf.Text(position + track.FurtherIndexes[i] - first)}");
        }
    }

    private static void AddFlag(List<string> flags, int control, int bit, string flag)
    {
        if ((control & bit) != 0)
        {
            flags.Add(flag);
        }
    }

    private static void Words(StringBuilder sheet, int indent, DiscText text)
    {
        foreach ((string command, string? value) in
            new[] { ("TITLE", text.Title), ("PERFORMER", text.Performer), ("SONGWRITER", text.Songwriter) })
        {
            if (value is not null)
            {
                Line(sheet, indent, $"{command} \"{Quoted(value)}\"");
            }
        }
    }

    // There is no way to write a quote inside quotes, and a line ends a command.
    private static string Quoted(string text) =>
        string.Concat(text.Select(c => c == '"' ? '\'' : char.IsControl(c) ? ' ' : c));

    private static void Line(StringBuilder sheet, int indent, FormattableString line) =>
        sheet.Append(' ', indent).Append(line.ToString(CultureInfo.InvariantCulture)).Append("\r\n");
}
