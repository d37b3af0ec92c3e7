using System.Collections.Immutable;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical.Mds;

/// <summary>What a descriptor says of a track.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Session">Number of its session.</param>
/// <param name="Mode">Kind of the track.</param>
/// <param name="Stored">How its sectors are stored.</param>
/// <param name="EntryOffset">Byte offset of its block, for errors.</param>
internal sealed record MdsTrack(int Number, int Session, TrackMode Mode, StoredSector Stored, long EntryOffset)
{
    /// <summary>Control bits.</summary>
    public int Control { get; init; }

    /// <summary>First sector of index 1.</summary>
    public long StartLba { get; init; }

    /// <summary>Sectors of the pregap.</summary>
    public long Pregap { get; init; }

    /// <summary>Whether the pregap is stored in front of the track.</summary>
    public bool IsPregapStored { get; init; }

    /// <summary>Sectors from index 1 to the end; 0 when the descriptor does not say.</summary>
    public long Count { get; init; }

    /// <summary>First sectors of index 2 and up.</summary>
    public ImmutableArray<long> FurtherIndexes { get; init; } = [];

    /// <summary>Byte offset of the first sector in the first file.</summary>
    public ulong Offset { get; init; }

    /// <summary>What holds its sectors, in order.</summary>
    public ImmutableArray<MdsFile> Files { get; init; } = [];
}
