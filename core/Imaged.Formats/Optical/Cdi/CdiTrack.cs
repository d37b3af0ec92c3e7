using System.Collections.Immutable;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical.Cdi;

/// <summary>What the descriptor says of a track.</summary>
/// <param name="Session">Number of its session, from 1.</param>
/// <param name="Mode">Kind of the track.</param>
/// <param name="Stored">How its sectors are stored.</param>
/// <param name="EntryOffset">Byte offset of its block, for errors.</param>
internal sealed record CdiTrack(int Session, TrackMode Mode, StoredSector Stored, long EntryOffset)
{
    /// <summary>Sectors of each index, from the pregap (index 0) on; at least two.</summary>
    public ImmutableArray<long> IndexLengths { get; init; } = [];

    /// <summary>Address of the first sector as the descriptor has it: counted from two seconds before sector
    /// 0.</summary>
    public long Start { get; init; }

    /// <summary>All sectors, with the pregap.</summary>
    public long Count { get; init; }

    /// <summary>Control bits.</summary>
    public int Control { get; init; }

    /// <summary>International standard recording code, or anything else.</summary>
    public string Isrc { get; init; } = string.Empty;
}
