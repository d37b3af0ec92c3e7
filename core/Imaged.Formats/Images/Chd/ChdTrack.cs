using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Chd;

/// <summary>A track as the metadata has it.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Mode">What is in it.</param>
/// <param name="Layout">What is stored of each sector.</param>
/// <param name="Subchannel">What is stored of each subchannel.</param>
/// <param name="Frames">Frames of the track, those of a stored pregap in.</param>
/// <param name="StoredFrames">Frames in the image, what fills it up included.</param>
/// <param name="Offset">Byte offset of the entry, for errors.</param>
internal sealed record ChdTrack(
    int Number,
    TrackMode Mode,
    SectorLayout Layout,
    SubchannelLayout Subchannel,
    int Frames,
    int StoredFrames,
    long Offset)
{
    /// <summary>Frames from index 0 to index 1.</summary>
    public int Pregap { get; init; }

    /// <summary>Whether the first of <see cref="Frames"/> are the pregap; else it is not stored.</summary>
    public bool IsPregapStored { get; init; }

    /// <summary>Frames of silence behind the track, which are not stored.</summary>
    public int Postgap { get; init; }

    /// <summary>Of <see cref="Frames"/> the last ones that are no part of the track: on a GD-ROM they reach to the
    /// next one.</summary>
    public int Padding { get; init; }

    /// <summary>Whether sound has its low byte first.</summary>
    public bool IsLittleEndian { get; init; }
}
