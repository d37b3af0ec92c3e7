using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical.Ccd;

/// <summary>Writes a disc as CloneCD does: a control file, all sectors of 2352 bytes, and the subchannels when they are
/// stored.</summary>
internal static class CcdWriter
{
    private const int PointFirst = 0xA0;
    private const int PointLast = 0xA1;
    private const int PointLeadOut = 0xA2;

    /// <summary>The files.</summary>
    public static ImmutableArray<WriterFile> Plan(WriterInput input, string stem)
    {
        Disc disc = input.RequireDisc("ccd");
        List<WriterFile> files =
        [
            new(".ccd", new MemorySource(Encoding.ASCII.GetBytes(Sheet(disc)))),
            new(".img", DiscStream.Open(disc)),
        ];
        if (disc.HasSubchannel)
        {
            files.Add(new(".sub", new SubchannelStream(disc)));
        }

        return [.. files];
    }

    private static string Sheet(Disc disc)
    {
        StringBuilder sheet = new();
        Line(sheet, $"[CloneCD]");
        Line(sheet, $"Version=3");
        Line(sheet, $"[Disc]");
        Line(sheet, $"TocEntries={disc.Tracks.Length + (3 * disc.Sessions.Length)}");
        Line(sheet, $"Sessions={disc.Sessions.Length}");
        Line(sheet, $"DataTracksScrambled=0");
        Line(sheet, $"CDTextLength={disc.TextPacks.Length}");
        if (disc.CatalogNumber is { } catalog)
        {
            Line(sheet, $"CATALOG={catalog}");
        }

        foreach (DiscSession session in disc.Sessions)
        {
            Line(sheet, $"[Session {session.Number}]");
            Line(sheet, $"PreGapMode={Mode(session.Tracks[0])}");
            Line(sheet, $"PreGapSubC=0");
        }

        int entry = 0;
        foreach (DiscSession session in disc.Sessions)
        {
            entry = Entries(sheet, session, entry);
        }

        foreach (DiscTrack track in disc.Tracks)
        {
            Track(sheet, track);
        }

        Text(sheet, disc.TextPacks);
        return sheet.ToString();
    }

    private static int Entries(StringBuilder sheet, DiscSession session, int entry)
    {
        DiscTrack first = session.Tracks[0];
        DiscTrack last = session.Tracks[^1];
        bool isXa = session.Tracks.Any(track => track.Mode == TrackMode.Mode2);
        Entry(sheet, entry++, session, PointFirst, first.Control, Msf.Frames(first.Number, isXa ? 0x20 : 0, 0));
        Entry(sheet, entry++, session, PointLast, last.Control, Msf.Frames(last.Number, 0, 0));
        Entry(sheet, entry++, session, PointLeadOut, last.Control, session.LeadOutLba + Msf.Origin);
        foreach (DiscTrack track in session.Tracks)
        {
            Entry(sheet, entry++, session, track.Number, track.Control, track.StartLba + Msf.Origin);
        }

        return entry;
    }

    // The time that a point stands for is written both as minutes, seconds and frames, and as a sector.
    private static void Entry(StringBuilder sheet, int entry, DiscSession session, int point, int control, long frames)
    {
        Line(sheet, $"[Entry {entry}]");
        Line(sheet, $"Session={session.Number}");
        Line(sheet, $"Point=0x{point:x2}");
        Line(sheet, $"ADR=0x01");
        Line(sheet, $"Control=0x{control:x2}");
        Line(sheet, $"TrackNo=0");
        Line(sheet, $"AMin=0");
        Line(sheet, $"ASec=0");
        Line(sheet, $"AFrame=0");
        Line(sheet, $"ALBA={-Msf.Origin}");
        Line(sheet, $"Zero=0");
        Line(sheet, $"PMin={frames / (60 * Msf.FramesPerSecond)}");
        Line(sheet, $"PSec={frames / Msf.FramesPerSecond % 60}");
        Line(sheet, $"PFrame={frames % Msf.FramesPerSecond}");
        Line(sheet, $"PLBA={frames - Msf.Origin}");
    }

    private static void Track(StringBuilder sheet, DiscTrack track)
    {
        Line(sheet, $"[TRACK {track.Number}]");
        Line(sheet, $"MODE={Mode(track)}");
        if (track.Isrc is { } isrc)
        {
            Line(sheet, $"ISRC={isrc}");
        }

        long first = DiscStream.FirstLbaOf(track);
        if (first < track.StartLba)
        {
            Line(sheet, $"INDEX 0={first}");
        }

        Line(sheet, $"INDEX 1={track.StartLba}");
        for (int i = 0; i < track.FurtherIndexes.Length; i++)
        {
            Line(sheet, $"INDEX {i + 2}={track.FurtherIndexes[i]}");
        }
    }

    // Packs without their checksums.
    private static void Text(StringBuilder sheet, ImmutableArray<byte> packs)
    {
        const int PackLength = 18;
        const int Kept = 16;
        if (packs.Length < PackLength)
        {
            return;
        }

        Line(sheet, $"[CDText]");
        Line(sheet, $"Entries={packs.Length / PackLength}");
        for (int i = 0; i < packs.Length / PackLength; i++)
        {
            IEnumerable<string> bytes = packs.AsSpan().Slice(i * PackLength, Kept).ToArray()
                .Select(value => value.ToString("x2", CultureInfo.InvariantCulture));
            Line(sheet, $"Entry {i}={string.Join(' ', bytes)}");
        }
    }

    private static int Mode(DiscTrack track) => track.Mode switch
    {
        TrackMode.Audio => 0,
        TrackMode.Mode1 => 1,
        _ => 2,
    };

    private static void Line(StringBuilder sheet, FormattableString line) =>
        sheet.Append(line.ToString(CultureInfo.InvariantCulture)).Append("\r\n");
}
