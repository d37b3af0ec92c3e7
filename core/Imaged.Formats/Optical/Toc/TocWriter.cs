using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical.Toc;

/// <summary>Writes a disc for cdrdao: a table of contents, and all sectors of 2352 bytes. One table holds one
/// session.</summary>
internal static class TocWriter
{
    /// <summary>The files.</summary>
    /// <exception cref="UnsupportedFeatureException">There are several sessions.</exception>
    public static ImmutableArray<WriterFile> Plan(WriterInput input, string stem)
    {
        Disc disc = input.RequireDisc("toc");
        if (disc.Sessions.Length > 1)
        {
            throw new UnsupportedFeatureException("toc", "a disc of several sessions (--to cue or ccd takes it)");
        }

        return
        [
            new(".toc", new MemorySource(Encoding.UTF8.GetBytes(Sheet(disc, stem + ".bin")))),
            new(".bin", DiscStream.Open(disc)),
        ];
    }

    private static string Sheet(Disc disc, string fileName)
    {
        StringBuilder sheet = new();
        bool hasData = disc.Tracks.Any(track => track.IsData);
        bool isXa = disc.Tracks.Any(track => track.Mode == TrackMode.Mode2);
        Line(sheet, $"{(isXa ? "CD_ROM_XA" : hasData ? "CD_ROM" : "CD_DA")}");
        if (disc.CatalogNumber is { } catalog)
        {
            Line(sheet, $"CATALOG \"{catalog}\"");
        }

        if (disc.Tracks[0].Number > 1)
        {
            Line(sheet, $"FIRST_TRACK_NO {disc.Tracks[0].Number}");
        }

        foreach (DiscTrack track in disc.Tracks)
        {
            Track(sheet, disc, track, fileName);
        }

        return sheet.ToString();
    }

    private static void Track(StringBuilder sheet, Disc disc, DiscTrack track, string fileName)
    {
        string mode = track.Mode switch
        {
            TrackMode.Audio => "AUDIO",
            TrackMode.Mode1 => "MODE1_RAW",
            _ => "MODE2_RAW",
        };
        Line(sheet, $"");
        Line(sheet, $"TRACK {mode}");
        Line(sheet, $"{((track.Control & 2) != 0 ? "COPY" : "NO COPY")}");
        if (!track.IsData)
        {
            Line(sheet, $"{((track.Control & 1) != 0 ? "PRE_EMPHASIS" : "NO PRE_EMPHASIS")}");
            Line(sheet, $"{((track.Control & 8) != 0 ? "FOUR_CHANNEL_AUDIO" : "TWO_CHANNEL_AUDIO")}");
        }

        if (track.Isrc is { } isrc)
        {
            Line(sheet, $"ISRC \"{isrc}\"");
        }

        long first = DiscStream.FirstLbaOf(track);
        long offset = DiscStream.FirstSectorOf(disc, track) * RawSector.Length;
        string length = Msf.Text(track.EndLba - first);

        // Sound in files of cdrdao has the high byte first, unless it is told to swap.
        FormattableString file = track.IsData
            ? (FormattableString)$"DATAFILE \"{Quoted(fileName)}\" #{offset} {length}"
            : $"FILE \"{Quoted(fileName)}\" SWAP #{offset} 0 {length}";
        Line(sheet, file);
        if (first < track.StartLba)
        {
            Line(sheet, $"START {Msf.Text(track.StartLba - first)}");
        }

        foreach (long index in track.FurtherIndexes)
        {
            Line(sheet, $"INDEX {Msf.Text(index - track.StartLba)}");
        }
    }

    private static string Quoted(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal);

    private static void Line(StringBuilder sheet, FormattableString line) =>
        sheet.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
