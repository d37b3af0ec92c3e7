namespace Imaged.Formats.Optical.Nrg;

/// <summary>An entry of a track table.</summary>
/// <param name="EntryOffset">Byte offset of the entry in the file, for errors.</param>
/// <param name="Mode">Mode code.</param>
/// <param name="SectorSize">Bytes of a stored sector; 0 when the table does not say.</param>
/// <param name="Index0">Byte offset of the stored pregap.</param>
/// <param name="Index1">Byte offset of index 1.</param>
/// <param name="End">Byte offset just behind the track.</param>
internal sealed record NrgTrack(long EntryOffset, int Mode, int SectorSize, ulong Index0, ulong Index1, ulong End)
{
    /// <summary>First sector as the table says; null when it does not.</summary>
    public long? Lba { get; init; }

    /// <summary>International standard recording code, or anything else.</summary>
    public string Isrc { get; init; } = string.Empty;
}
