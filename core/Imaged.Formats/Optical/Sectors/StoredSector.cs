using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Sectors;

/// <summary>How a file stores the sectors of a track one behind the other.</summary>
/// <param name="Layout">What is stored of each.</param>
/// <param name="Subchannel">What follows each.</param>
internal readonly record struct StoredSector(SectorLayout Layout, SubchannelLayout Subchannel)
{
    /// <summary>Bytes from one sector to the next.</summary>
    public int Length => Layout.Length() + Subchannel.Length();

    /// <summary>The only way to store sectors in so many bytes each; null when there is none.</summary>
    /// <param name="length">Bytes of a sector with its subchannel.</param>
    /// <param name="subchannel">How the format stores 96 bytes of subchannel.</param>
    public static StoredSector? OfLength(int length, SubchannelLayout subchannel = SubchannelLayout.Interleaved)
    {
        if (SectorLayouts.OfLength(length) is { } alone)
        {
            return new(alone, SubchannelLayout.None);
        }

        if (SectorLayouts.OfLength(length - SubchannelLayout.Q16.Length()) is { } withQ)
        {
            return new(withQ, SubchannelLayout.Q16);
        }

        return SectorLayouts.OfLength(length - SectorLayouts.SubchannelLength) is { } withAll
            ? new(withAll, subchannel)
            : null;
    }

    /// <summary>Sectors of this kind.</summary>
    /// <param name="lba">First sector.</param>
    /// <param name="count">Number of sectors.</param>
    /// <param name="main">What stores them.</param>
    /// <param name="offset">Byte offset of the first one.</param>
    public SectorRun Run(long lba, long count, BlockSource main, long offset) =>
        SectorRun.Stored(lba, count, main, offset, Layout, Subchannel);
}
