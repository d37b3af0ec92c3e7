using System.Collections.Immutable;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical;

/// <summary>All sectors of a disc as one stream of 2352 bytes each, as a <c>.bin</c> file beside a cue sheet and the
/// <c>.img</c> file of CloneCD have them: from sector 0 on, the pregaps between tracks in, lead-outs and lead-ins
/// between sessions left out.</summary>
public static class DiscStream
{
    /// <summary>The sectors. Nothing here owns what stores them.</summary>
    public static BlockSource Open(Disc disc)
    {
        BlockSource[] parts = [.. disc.Tracks.Where(track => track.EndLba > 0).Select(OpenTrack)];
        return parts.Length == 1 ? parts[0] : new ConcatSource(parts, ownsParts: true);
    }

    /// <summary>Where index 0 of a track stands in the stream, in sectors.</summary>
    public static long FirstSectorOf(Disc disc, DiscTrack track) =>
        disc.Tracks.Where(other => other.Number < track.Number).Sum(other => other.EndLba - FirstLbaOf(other));

    /// <summary>First sector of a track that is in the stream.</summary>
    public static long FirstLbaOf(DiscTrack track) => Math.Max(track.PregapLba, Math.Min(0, track.StartLba));

    /// <summary>The sectors of a track, from index 1 to its end.</summary>
    public static BlockSource OpenBody(DiscTrack track) => new RawTrackSource(track.Mode, Cut(track, track.StartLba));

    /// <summary>The runs of a track from a sector on.</summary>
    internal static ImmutableArray<SectorRun> Cut(DiscTrack track, long begin) =>
    [
        .. track.Runs.Where(run => run.EndLba > begin)
            .Select(run => run.Lba >= begin ? run : Skip(run, begin - run.Lba)),
    ];

    private static BlockSource OpenTrack(DiscTrack track) =>
        new RawTrackSource(track.Mode, Cut(track, FirstLbaOf(track)));

    private static SectorRun Skip(SectorRun run, long sectors) => run with
    {
        Lba = run.Lba + sectors,
        Count = run.Count - sectors,
        MainOffset = run.MainOffset + (sectors * run.Stride),
        SubOffset = run.SubOffset + (sectors * run.SubStride),
    };
}
