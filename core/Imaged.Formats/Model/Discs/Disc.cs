using System.Collections.Immutable;

namespace Imaged.Formats.Model;

/// <summary>Kind of a disc.</summary>
public enum DiscMedium
{
    /// <summary>Compact disc.</summary>
    Cd,

    /// <summary>DVD, in any of its kinds.</summary>
    Dvd,

    /// <summary>Blu-ray disc.</summary>
    Bd,

    /// <summary>GD-ROM: a CD with an area of high density from sector 45000 on.</summary>
    GdRom,
}

/// <summary>A disc with all its sessions, as an image of it tells. Immutable; what stores the sectors belongs to the
/// <see cref="DiskImage"/>.</summary>
public sealed class Disc
{
    /// <summary>Most sessions of a disc.</summary>
    public const int MaxSessions = 99;

    /// <summary>Most tracks of a disc (ECMA-130 section 22.3.3).</summary>
    public const int MaxTracks = 99;

    /// <summary>A disc of these sessions; made by <see cref="DiscBuilder"/>, which has checked them.</summary>
    internal Disc(DiscMedium medium, ImmutableArray<DiscSession> sessions)
    {
        Medium = medium;
        Sessions = sessions;
        Tracks = [.. sessions.SelectMany(session => session.Tracks)];
    }

    /// <summary>Kind of disc.</summary>
    public DiscMedium Medium { get; }

    /// <summary>The sessions in their order, at least one.</summary>
    public ImmutableArray<DiscSession> Sessions { get; }

    /// <summary>All tracks in their order, at least one.</summary>
    public ImmutableArray<DiscTrack> Tracks { get; }

    /// <summary>Media catalogue number: 13 digits; null when there is none.</summary>
    public string? CatalogNumber { get; init; }

    /// <summary>CD-Text packs of 18 bytes with their checksums, as the lead-in has them; empty when there are
    /// none.</summary>
    public ImmutableArray<byte> TextPacks { get; init; } = [];

    /// <summary>Title, performer and so on of the whole disc.</summary>
    public DiscText Text { get; init; } = DiscText.None;

    /// <summary>Whether sectors have any subchannel stored.</summary>
    public bool HasSubchannel => Tracks.Any(track => track.Runs.Any(run => run.Sub is not null));

    /// <summary>The track of this number; null when there is none.</summary>
    public DiscTrack? FindTrack(int number) => Tracks.FirstOrDefault(track => track.Number == number);
}

/// <summary>A session: what was written in one go between a lead-in and a lead-out.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Tracks">Its tracks in their order, at least one.</param>
public sealed record DiscSession(int Number, ImmutableArray<DiscTrack> Tracks)
{
    /// <summary>First sector of the first track's index 1.</summary>
    public long StartLba => Tracks[0].StartLba;

    /// <summary>First sector of the lead-out.</summary>
    public long LeadOutLba => Tracks[^1].EndLba;
}

/// <summary>A track.</summary>
/// <param name="Number">From 1 to 99, on the whole disc.</param>
/// <param name="Session">Number of its session.</param>
/// <param name="Mode">What is in it.</param>
public sealed record DiscTrack(int Number, int Session, TrackMode Mode)
{
    /// <summary>First sector of index 0; that of index 1 when there is no pregap.</summary>
    public long PregapLba { get; init; }

    /// <summary>First sector of index 1.</summary>
    public long StartLba { get; init; }

    /// <summary>Sector just behind the track.</summary>
    public long EndLba { get; init; }

    /// <summary>First sectors of index 2 and up.</summary>
    public ImmutableArray<long> FurtherIndexes { get; init; } = [];

    /// <summary>Control bits as in subchannel Q: 1 pre-emphasis, 2 copying permitted, 4 data, 8 four
    /// channels.</summary>
    public int Control { get; init; }

    /// <summary>International standard recording code: 12 characters; null when there is none.</summary>
    public string? Isrc { get; init; }

    /// <summary>Title, performer and so on.</summary>
    public DiscText Text { get; init; } = DiscText.None;

    /// <summary>Where its sectors are, from <see cref="PregapLba"/> to <see cref="EndLba"/> without a gap.</summary>
    public ImmutableArray<SectorRun> Runs { get; init; } = [];

    /// <summary>Sectors from index 1 to the end.</summary>
    public long Length => EndLba - StartLba;

    /// <summary>Whether it holds data.</summary>
    public bool IsData => Mode != TrackMode.Audio;
}

/// <summary>Words about a disc or a track.</summary>
/// <param name="Title">Title, or null.</param>
/// <param name="Performer">Performer, or null.</param>
/// <param name="Songwriter">Songwriter, or null.</param>
public sealed record DiscText(string? Title, string? Performer, string? Songwriter)
{
    /// <summary>No words.</summary>
    public static DiscText None { get; } = new(null, null, null);
}
