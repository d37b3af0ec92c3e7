using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.BlindWrite;

/// <summary>A track, as a descriptor of version 5 or 6 has it.</summary>
/// <param name="Number">Its number.</param>
/// <param name="Session">Number of its session.</param>
/// <param name="Mode">Kind of the track.</param>
/// <param name="EntryOffset">Byte offset of the entry, for errors.</param>
internal sealed record B5Track(int Number, int Session, TrackMode Mode, long EntryOffset)
{
    /// <summary>Control bits.</summary>
    public int Control { get; init; }

    /// <summary>First sector, of index 0 if there is one.</summary>
    public long Lba { get; init; }

    /// <summary>Sectors from <see cref="Lba"/> on.</summary>
    public long Count { get; init; }

    /// <summary>How many of them are the pregap.</summary>
    public long Pregap { get; init; }
}
