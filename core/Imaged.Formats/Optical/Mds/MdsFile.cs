namespace Imaged.Formats.Optical.Mds;

/// <summary>A file that holds sectors of a track, or a part of one.</summary>
/// <param name="Name">Its name as recorded; null when the sectors stand in the image itself.</param>
/// <param name="NameOffset">Byte offset of the name, for errors.</param>
internal sealed record MdsFile(string? Name, long NameOffset)
{
    /// <summary>Sectors of the track in it; 0 when the descriptor does not say.</summary>
    public long Count { get; init; }

    /// <summary>Sectors that are compressed together; 0 when they are not compressed.</summary>
    public uint GroupSectors { get; init; }

    /// <summary>Byte offset of the table of compressed groups, counted from the first sector.</summary>
    public ulong TableOffset { get; init; }
}
