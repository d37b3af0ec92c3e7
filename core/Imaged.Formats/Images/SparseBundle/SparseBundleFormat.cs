using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Apple;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.SparseBundle;

/// <summary>Apple's sparse bundle: a directory with a property list that tells the size of the disk and of its bands,
/// and a folder with a file for each band that was ever written.</summary>
internal sealed class SparseBundleFormat : IImageFormat
{
    private const string BundleType = "com.apple.diskimage.sparsebundle";
    private const int MaxListLength = 65536;
    private const int SectorSize = 512;
    private const long MaxBandLength = 1L << 40;

    public static FormatInfo Info { get; } =
        new("sparsebundle", "Apple sparse bundle", [".plist"], FormatCaps.Read | FormatCaps.Split);

    public static Match Probe(ProbeWindow window) =>
        window.Length <= MaxListLength && window.Head.IndexOf("com.apple.diskimage.sparsebundle"u8) >= 0
            && window.Head.IndexOf("<plist"u8) >= 0
            ? Match.Strong
            : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        if (opener.Content.Length > MaxListLength)
        {
            ImageFormatException.Throw(Info.Id, 0, $"the property list has {opener.Content.Length} bytes");
        }

        byte[] text = opener.Content.ReadBytes(0, (int)opener.Content.Length);
        PlistValue list = PropertyListReader.Read(Info.Id, text, 0);
        string? type = list["diskimage-bundle-type"]?.Text;
        long bandLength = list["band-size"]?.Number ?? 0;
        long length = list["size"]?.Number ?? 0;
        if (type != BundleType)
        {
            ImageFormatException.Throw(Info.Id, 0, $"the bundle is of the type '{type}'");
        }

        if (bandLength is <= 0 or > MaxBandLength || bandLength % SectorSize != 0 || length <= 0)
        {
            ImageFormatException.Throw(Info.Id, 0, $"{length} bytes in bands of {bandLength}");
        }

        if (opener.Siblings is null)
        {
            throw new ImageFormatException(Info.Id, 0, "there is no folder 'bands' beside the property list");
        }

        // Empty unless the bands are encrypted; then it is the header.
        if (opener.Siblings.TryOpen("token", out BlockSource token) && token.Length > 0)
        {
            UnsupportedFeatureException.Throw(Info.Id, "encryption");
        }

        return new DiskImage(Info, new SparseBundleSource(opener.Siblings, bandLength, length))
        {
            Details = [new("Band size", bandLength.ToString(CultureInfo.InvariantCulture))],
        };
    }
}
