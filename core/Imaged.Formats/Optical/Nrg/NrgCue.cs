namespace Imaged.Formats.Optical.Nrg;

/// <summary>An entry of a cue sheet chunk.</summary>
/// <param name="Control">Control bits of the track.</param>
/// <param name="Track">Number of the track; 0 for the lead-in, <see cref="LeadOut"/>.</param>
/// <param name="Index">Number of the index.</param>
/// <param name="Lba">Where it begins.</param>
internal readonly record struct NrgCue(int Control, int Track, int Index, long Lba)
{
    /// <summary>Track number of the lead-out: 0xAA.</summary>
    public const int LeadOut = 0xaa;
}
