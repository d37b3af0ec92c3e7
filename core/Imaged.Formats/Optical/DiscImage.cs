using System.Collections.Immutable;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical;

/// <summary>Makes the image of a disc: what every format of discs ends with.</summary>
internal static class DiscImage
{
    /// <summary>The image. Its content is the volume of the track that is meant by default; of a disc without data all
    /// sectors as they are.</summary>
    /// <param name="format">The format.</param>
    /// <param name="disc">The disc.</param>
    /// <param name="warnings">Harmless oddities.</param>
    /// <param name="details">Further facts.</param>
    /// <param name="owned">What else is to be disposed with the image.</param>
    /// <param name="verify">What the format checks itself, before the sectors are.</param>
    public static DiskImage Create(
        FormatInfo format,
        Disc disc,
        IEnumerable<string>? warnings = null,
        IEnumerable<KeyValuePair<string, string>>? details = null,
        IEnumerable<IDisposable>? owned = null,
        Action<ImageCheck>? verify = null)
    {
        DiscTrack? track = DiscVolume.ChooseTrack(disc);
        BlockSource content = track is null ? DiscStream.Open(disc) : DiscVolume.Open(disc, track);
        return new DiskImage(format, content)
        {
            Disc = disc,
            Details = details?.ToImmutableArray() ?? [],
            Warnings = warnings?.ToImmutableArray() ?? [],
            Owned = owned?.ToImmutableArray() ?? [],
            Verify = check =>
            {
                verify?.Invoke(check);
                DiscCheck.Run(disc, check);
            },
        };
    }
}
