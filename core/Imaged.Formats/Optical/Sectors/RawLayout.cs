using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Sectors;

/// <summary>How sectors stand in a file that no descriptor describes.</summary>
/// <param name="Stored">What is stored of each sector.</param>
/// <param name="Mode">Kind of the track.</param>
/// <param name="Offset">Byte offset of the first sector.</param>
/// <param name="FirstLba">Its address.</param>
/// <param name="IsScrambled">Whether data sectors stand as on the disc.</param>
internal sealed record RawLayout(StoredSector Stored, TrackMode Mode, long Offset, long FirstLba, bool IsScrambled)
{
    /// <summary>Whether these are the bytes of a disc as they are: 2048 of each sector from sector 0 on.</summary>
    public bool IsPlain =>
        this is
        {
            Stored: { Layout: SectorLayout.Data2048, Subchannel: SubchannelLayout.None },
            Offset: 0,
            FirstLba: 0,
        };
}
