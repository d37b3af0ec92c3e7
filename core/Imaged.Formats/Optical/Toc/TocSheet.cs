using Imaged.Formats.Model;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical.Toc;

/// <summary>What a TOC file says, before any of its files is looked at.</summary>
internal sealed class TocSheet
{
    /// <summary>Media catalogue number, or null.</summary>
    public string? CatalogNumber { get; set; }

    /// <summary>Words about the disc.</summary>
    public DiscText Text { get; set; } = DiscText.None;

    /// <summary>The tracks, in order.</summary>
    public List<TocTrack> Tracks { get; } = [];
}

/// <summary>A track of a TOC file.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Mode">Kind of track.</param>
/// <param name="Stored">How its sectors are stored.</param>
/// <param name="Offset">Where it begins in the file.</param>
internal sealed record TocTrack(int Number, TrackMode Mode, StoredSector Stored, int Offset)
{
    /// <summary>Control bits, but that for data.</summary>
    public int Control { get; set; }

    /// <summary>Recording code, or null.</summary>
    public string? Isrc { get; set; }

    /// <summary>Words.</summary>
    public DiscText Text { get; set; } = DiscText.None;

    /// <summary>What it consists of, in order.</summary>
    public List<TocPart> Parts { get; } = [];

    /// <summary>Where index 1 is, in sectors from the beginning of the track; null when it is where the parts before
    /// <see cref="StartsBehind"/> end.</summary>
    public long? Start { get; set; }

    /// <summary>Number of parts before index 1, when that is where they end.</summary>
    public int StartsBehind { get; set; }

    /// <summary>Further indexes, in sectors from index 1.</summary>
    public List<long> Indexes { get; } = [];
}

/// <summary>A part of a track.</summary>
/// <param name="File">Name of its file; null for silence or empty data.</param>
/// <param name="Offset">Where its statement begins.</param>
/// <param name="Begin">Byte offset in the file, from its samples on.</param>
/// <param name="Length">Bytes; null for the rest of the file.</param>
/// <param name="IsSwapped">Whether samples are in the other byte order than is usual for such a file.</param>
internal sealed record TocPart(string? File, int Offset, long Begin, long? Length, bool IsSwapped);
