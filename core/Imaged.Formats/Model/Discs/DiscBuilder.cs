using System.Collections.Immutable;

namespace Imaged.Formats.Model;

/// <summary>Puts a disc together from what a format's tables say, and checks it: the one place where the tables of all
/// disc images meet the same rules. Not thread-safe.</summary>
/// <param name="format">Id of the format, for errors.</param>
/// <param name="medium">Kind of disc.</param>
public sealed class DiscBuilder(string format, DiscMedium medium)
{
    /// <summary>Sectors before track 1 (ECMA-130 section 20.1: two seconds).</summary>
    public const int FirstPregap = 150;

    /// <summary>Sectors from the lead-out of the first session to the pregap of the second.</summary>
    public const int FirstSessionGap = 11250;

    /// <summary>Sectors from the lead-out of a later session to the pregap of the next.</summary>
    public const int LaterSessionGap = 6750;

    // Above 99:59:74 of MSF, and above any disc of four layers: an address behind it is nonsense.
    private const long MaxLba = 1L << 31;
    private const int MaxRuns = 100_000;

    private readonly List<DiscTrack> _tracks = [];
    private int _runs;

    /// <summary>Number of tracks so far.</summary>
    public int Count => _tracks.Count;

    /// <summary>Number of the last track so far; 0 without one.</summary>
    public int LastNumber => _tracks.Count == 0 ? 0 : _tracks[^1].Number;

    /// <summary>Number of the last track's session; 0 without one.</summary>
    public int LastSession => _tracks.Count == 0 ? 0 : _tracks[^1].Session;

    /// <summary>Kind of the last track so far; null without one.</summary>
    public TrackMode? LastMode => _tracks.Count == 0 ? null : _tracks[^1].Mode;

    /// <summary>Media catalogue number; anything but 13 digits that are not all zero is left out.</summary>
    public string? CatalogNumber { get; set; }

    /// <summary>CD-Text packs of 18 bytes each.</summary>
    public ImmutableArray<byte> TextPacks { get; set; } = [];

    /// <summary>Words about the whole disc.</summary>
    public DiscText Text { get; set; } = DiscText.None;

    /// <summary>Sector just behind the last track so far; 0 without one.</summary>
    public long EndLba => _tracks.Count == 0 ? 0 : _tracks[^1].EndLba;

    /// <summary>The sectors from one session's lead-out to the next one's first pregap.</summary>
    /// <param name="session">Number of the session before the gap.</param>
    public static int SessionGap(int session) => session <= 1 ? FirstSessionGap : LaterSessionGap;

    /// <summary>Adds a track. Its runs must lie from its pregap to its end without a gap and inside their sources; they
    /// tell where it begins and ends.</summary>
    /// <param name="track">The track; <see cref="DiscTrack.StartLba"/> and the rest that the format knows are set,
    /// pregap and end are taken from the runs.</param>
    /// <param name="runs">Its sectors, in order.</param>
    /// <param name="offset">Byte offset of its table entry, for errors.</param>
    /// <exception cref="ImageFormatException">Something is out of its range.</exception>
    public void Add(DiscTrack track, IReadOnlyList<SectorRun> runs, long offset)
    {
        if (track.Number is < 1 or > Disc.MaxTracks)
        {
            ImageFormatException.Throw(format, offset, $"track number {track.Number} is not in 1 to {Disc.MaxTracks}");
        }

        if (track.Session is < 1 or > Disc.MaxSessions)
        {
            ImageFormatException.Throw(
                format, offset, $"session number {track.Session} is not in 1 to {Disc.MaxSessions}");
        }

        if (_tracks.Count > 0 && (track.Number <= _tracks[^1].Number || track.Session < _tracks[^1].Session))
        {
            ImageFormatException.Throw(format, offset, $"track {track.Number} follows track {_tracks[^1].Number}");
        }

        _runs += runs.Count;
        if (runs.Count == 0 || _runs > MaxRuns)
        {
            ImageFormatException.Throw(format, offset, $"track {track.Number} has no sectors, or too many pieces");
        }

        long lba = runs[0].Lba;
        foreach (SectorRun run in runs)
        {
            Check(track, run, lba, offset);
            lba = run.EndLba;
        }

        if (track.StartLba < runs[0].Lba
            || track.StartLba >= lba
            || track.FurtherIndexes.Any(at => at < track.StartLba || at >= lba))
        {
            ImageFormatException.Throw(format, offset, $"an index of track {track.Number} lies outside of it");
        }

        if (_tracks.Count > 0 && runs[0].Lba < _tracks[^1].EndLba)
        {
            ImageFormatException.Throw(
                format,
                offset,
                $"track {track.Number} begins at sector {runs[0].Lba}, before the end of the track before it");
        }

        _tracks.Add(track with
        {
            PregapLba = runs[0].Lba,
            EndLba = lba,
            Runs = [.. runs],
            Isrc = IsIsrc(track.Isrc) ? track.Isrc : null,
        });
    }

    /// <summary>The disc.</summary>
    /// <exception cref="ImageFormatException">There is no track.</exception>
    public Disc Build()
    {
        if (_tracks.Count == 0)
        {
            ImageFormatException.Throw(format, 0, "there is no track");
        }

        ImmutableArray<DiscSession> sessions =
            [.. _tracks.GroupBy(track => track.Session).Select(group => new DiscSession(group.Key, [.. group]))];
        return new Disc(medium, sessions)
        {
            CatalogNumber = IsCatalogNumber(CatalogNumber) ? CatalogNumber : null,
            TextPacks = TextPacks,
            Text = Text,
        };
    }

    private static bool IsCatalogNumber(string? text) =>
        text is { Length: 13 } && text.All(char.IsAsciiDigit) && text.AsSpan().ContainsAnyExcept('0');

    private static bool IsIsrc(string? text) =>
        text is { Length: 12 } && text.All(char.IsAsciiLetterOrDigit) && text.AsSpan().ContainsAnyExcept('0');

    private void Check(DiscTrack track, SectorRun run, long lba, long offset)
    {
        if (run.Lba != lba || run.Count < 1 || run.Count > MaxLba || Math.Abs(run.Lba) > MaxLba)
        {
            ImageFormatException.Throw(
                format, offset, $"track {track.Number} has {run.Count} sectors at {run.Lba}, where {lba} comes next");
        }

        if (track.Mode == TrackMode.Audio && run.Main is not null && run.Layout != SectorLayout.Raw2352)
        {
            ImageFormatException.Throw(
                format, offset, $"track {track.Number} has sound in sectors of {run.Layout.Length()} bytes, not 2352");
        }

        CheckInside(track, run, run.Main?.Length, run.MainOffset, run.Stride, run.Layout.Length(), offset);
        CheckInside(track, run, run.Sub?.Length, run.SubOffset, run.SubStride, run.Subchannel.Length(), offset);
    }

    private void CheckInside(
        DiscTrack track, SectorRun run, long? available, long first, int stride, int length, long offset)
    {
        if (available is not { } bytes)
        {
            return;
        }

        if (first < 0 || stride < length)
        {
            ImageFormatException.Throw(
                format, offset, $"track {track.Number} begins at byte {first} in steps of {stride}");
        }

        // Count and stride are below 2^31, so nothing overflows but a first byte that is out of range already.
        long needed = first > bytes ? long.MaxValue : first + ((run.Count - 1) * stride) + length;
        if (needed > bytes)
        {
            ImageFormatException.Throw(
                format, offset, $"track {track.Number} ends behind its file of {bytes} bytes: it needs {needed}");
        }
    }
}
