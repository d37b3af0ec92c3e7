using Imaged.Blocks;

namespace Imaged.Formats.Model;

/// <summary>Sectors of a track that follow each other on the disc and in one source.</summary>
/// <param name="Lba">First sector, counted from the first one behind the two seconds before track 1; may be
/// negative.</param>
/// <param name="Count">Number of sectors, at least 1.</param>
public sealed record SectorRun(long Lba, long Count)
{
    /// <summary>Sector just behind the run.</summary>
    public long EndLba => Lba + Count;

    /// <summary>What stores the sectors; null when they are not stored: silence, or empty data sectors. Belongs to the
    /// image, not to the run.</summary>
    public BlockSource? Main { get; init; }

    /// <summary>Byte offset of the first sector in <see cref="Main"/>.</summary>
    public long MainOffset { get; init; }

    /// <summary>Bytes from one sector to the next in <see cref="Main"/>.</summary>
    public int Stride { get; init; }

    /// <summary>What is stored of each sector.</summary>
    public SectorLayout Layout { get; init; }

    /// <summary>Whether samples of sound are stored with the high byte first.</summary>
    public bool IsBigEndian { get; init; }

    /// <summary>Whether bytes 12 to 2351 are scrambled as on the disc (ECMA-130 annex B).</summary>
    public bool IsScrambled { get; init; }

    /// <summary>How the subchannel is stored.</summary>
    public SubchannelLayout Subchannel { get; init; }

    /// <summary>What stores the subchannel; null when none does.</summary>
    public BlockSource? Sub { get; init; }

    /// <summary>Byte offset of the first sector's subchannel in <see cref="Sub"/>.</summary>
    public long SubOffset { get; init; }

    /// <summary>Bytes from one sector's subchannel to the next.</summary>
    public int SubStride { get; init; }

    /// <summary>Sectors one behind the other in <paramref name="main"/>, each followed by its subchannel if there is
    /// one.</summary>
    /// <param name="lba">First sector.</param>
    /// <param name="count">Number of sectors.</param>
    /// <param name="main">What stores them.</param>
    /// <param name="offset">Byte offset of the first one.</param>
    /// <param name="layout">What is stored of each.</param>
    /// <param name="subchannel">What follows each.</param>
    public static SectorRun Stored(
        long lba,
        long count,
        BlockSource main,
        long offset,
        SectorLayout layout,
        SubchannelLayout subchannel = SubchannelLayout.None)
    {
        int stride = layout.Length() + subchannel.Length();
        return new(lba, count)
        {
            Main = main,
            MainOffset = offset,
            Stride = stride,
            Layout = layout,
            Subchannel = subchannel,
            Sub = subchannel == SubchannelLayout.None ? null : main,
            SubOffset = offset + layout.Length(),
            SubStride = stride,
        };
    }

    /// <summary>Sectors that are not stored.</summary>
    public static SectorRun Empty(long lba, long count) => new(lba, count);
}
