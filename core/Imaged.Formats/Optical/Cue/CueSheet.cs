using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Cue;

/// <summary>What a cue sheet says, before any of its files is looked at.</summary>
internal sealed class CueSheet
{
    /// <summary>Media catalogue number, or null.</summary>
    public string? CatalogNumber { get; set; }

    /// <summary>Name of the file with CD-Text packs and the offset of its line; null when there is none.</summary>
    public (string Name, long Offset)? TextFile { get; set; }

    /// <summary>Words about the disc.</summary>
    public DiscText Text { get; set; } = DiscText.None;

    /// <summary>Kind of the disc.</summary>
    public DiscMedium Medium { get; set; }

    /// <summary>The files, in order.</summary>
    public List<CueFile> Files { get; } = [];

    /// <summary>The tracks, in order.</summary>
    public List<CueTrack> Tracks { get; } = [];

    /// <summary>Harmless oddities.</summary>
    public List<string> Warnings { get; } = [];
}

/// <summary>A data file of a cue sheet.</summary>
/// <param name="Name">Its name as written.</param>
/// <param name="Type">BINARY, WAVE ... in capitals; empty when none is written.</param>
/// <param name="Offset">Where its line begins.</param>
internal sealed record CueFile(string Name, string Type, long Offset);

/// <summary>An index of a track.</summary>
/// <param name="Number">From 0 to 99.</param>
/// <param name="File">Position of its file in <see cref="CueSheet.Files"/>.</param>
/// <param name="Frames">Sectors from the beginning of that file.</param>
/// <param name="Offset">Where its line begins.</param>
internal readonly record struct CueIndex(int Number, int File, long Frames, long Offset);

/// <summary>A track of a cue sheet.</summary>
/// <param name="Number">As written.</param>
/// <param name="Session">Its session.</param>
/// <param name="Mode">Kind of track.</param>
/// <param name="Stored">How its sectors are stored, as the sheet says.</param>
/// <param name="Offset">Where its line begins.</param>
internal sealed record CueTrack(int Number, int Session, TrackMode Mode, Sectors.StoredSector Stored, long Offset)
{
    /// <summary>Whether it is the first one of the area of high density of a GD-ROM.</summary>
    public bool BeginsHighDensity { get; init; }

    /// <summary>Control bits, but that for data.</summary>
    public int Control { get; set; }

    /// <summary>Recording code, or null.</summary>
    public string? Isrc { get; set; }

    /// <summary>Words.</summary>
    public DiscText Text { get; set; } = DiscText.None;

    /// <summary>Sectors before the track that are in no file.</summary>
    public long Pregap { get; set; }

    /// <summary>Sectors behind the track that are in no file.</summary>
    public long Postgap { get; set; }

    /// <summary>Where the lead-out behind it begins, in sectors from the beginning of its last file; null when that is
    /// not said.</summary>
    public long? LeadOut { get; set; }

    /// <summary>Its indexes in order.</summary>
    public List<CueIndex> Indexes { get; } = [];
}
