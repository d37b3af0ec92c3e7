using Imaged.Formats.Model;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical.Cif;

/// <summary>A track, as the table of the disc has it.</summary>
/// <param name="Session">Number of its session.</param>
/// <param name="Mode">Kind of the track.</param>
/// <param name="Stored">How its sectors are stored.</param>
/// <param name="Sectors">Number of its sectors.</param>
/// <param name="EntryOffset">Byte offset of the entry, for errors.</param>
internal sealed record CifTrack(int Session, TrackMode Mode, StoredSector Stored, long Sectors, long EntryOffset)
{
    /// <summary>International standard recording code, or anything else.</summary>
    public string Isrc { get; init; } = string.Empty;
}
