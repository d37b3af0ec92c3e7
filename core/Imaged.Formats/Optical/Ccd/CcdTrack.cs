using System.Collections.Immutable;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Ccd;

/// <summary>A track of a control file.</summary>
/// <param name="Number">From 1 to 99.</param>
/// <param name="Session">From 1 to 99.</param>
/// <param name="Mode">As the file says; sectors may say otherwise.</param>
/// <param name="StartLba">First sector of index 1.</param>
internal sealed record CcdTrack(int Number, int Session, TrackMode Mode, long StartLba)
{
    /// <summary>Sectors from index 0 to index 1.</summary>
    public long Pregap { get; init; }

    /// <summary>First sectors of index 2 and up.</summary>
    public ImmutableArray<long> FurtherIndexes { get; init; } = [];

    /// <summary>Control bits.</summary>
    public int Control { get; init; }

    /// <summary>Recording code, or null.</summary>
    public string? Isrc { get; init; }
}
