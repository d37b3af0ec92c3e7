using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Embedded;

/// <summary>Makes the image of a volume that was found in a file.</summary>
internal static class EmbeddedDisc
{
    // Above that it is no CD.
    private const long MaxCdSectors = 450_000;

    /// <summary>The image: one track from the first sector of the volume to the end of the file.</summary>
    /// <param name="format">The format that found it.</param>
    /// <param name="source">The file.</param>
    /// <param name="volume">The volume.</param>
    /// <param name="details">Further facts.</param>
    /// <param name="owned">What is to be disposed with the image.</param>
    public static DiskImage Create(
        FormatInfo format,
        BlockSource source,
        EmbeddedVolume volume,
        IEnumerable<KeyValuePair<string, string>>? details = null,
        IEnumerable<IDisposable>? owned = null)
    {
        SectorRun sectors = volume.Sectors(source);
        bool isWhole = volume.Stored.Layout != SectorLayout.Data2048;
        DiscBuilder builder = new(format.Id, isWhole || sectors.Count < MaxCdSectors ? DiscMedium.Cd : DiscMedium.Dvd);
        builder.Add(new DiscTrack(1, 1, volume.Mode) { Control = 4 }, [sectors], volume.Offset);
        return DiscImage.Create(
            format,
            builder.Build(),
            [
                $"the layout of the file is not documented: a volume was found {volume.Offset} bytes behind its "
                    + "beginning"],
            [
                .. details ?? [],
                new("Header", FormattableString.Invariant($"{volume.Offset} bytes")),
                new("Sectors", FormattableString.Invariant($"{volume.Stored.Length} bytes")),
            ],
            owned);
    }
}
