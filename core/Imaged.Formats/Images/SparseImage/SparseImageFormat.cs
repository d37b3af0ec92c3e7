using System.Collections.Immutable;
using System.Globalization;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.SparseImage;

/// <summary>Apple's sparse disk image: bands in the order in which they were first written, and index nodes that say
/// which band stands where.</summary>
internal sealed class SparseImageFormat : IImageFormat
{
    public static FormatInfo Info { get; } =
        new("sparseimage", "Apple sparse disk image", [".sparseimage"], FormatCaps.Read);

    public static Match Probe(ProbeWindow window) =>
        window.Has(0, SparseImageIndex.Magic) && window.Length >= SparseImageIndex.NodeLength ? Match.Strong : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        SparseImageIndex index = SparseImageIndex.Read(opener.Content);
        ImmutableArray<KeyValuePair<string, string>> details =
        [
            new("Band size", index.BandLength.ToString(CultureInfo.InvariantCulture)),
            new("Bands stored", index.Bands.Count.ToString(CultureInfo.InvariantCulture)),
        ];
        return new DiskImage(Info, new SparseImageSource(opener.Content, index, opener.Cache)) { Details = details };
    }
}
