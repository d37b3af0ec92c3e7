using System.Globalization;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Xz;

/// <summary>An image inside an xz file: its index says where each block stands, so that a file of many blocks is read
/// at any offset.</summary>
internal sealed class XzFormat : IImageFormat
{
    public static FormatInfo Info { get; } =
        new("xz", "image compressed with xz", [".xz"], FormatCaps.Read | FormatCaps.Wrapper);

    // Apple's disk images begin with an xz stream when their first chunk is one: only the end tells them apart, and
    // there may be padding.
    public static Match Probe(ProbeWindow window) =>
        !window.Has(0, XzStream.HeaderMagic) ? Match.No
        : window.HasAtEnd(2, "YZ"u8) ? Match.Strong
        : Match.Likely;

    public static DiskImage Open(ImageOpener opener)
    {
        XzIndex index = XzIndex.Read(opener.Content);
        return new DiskImage(Info, new XzSource(opener.Content, index.Blocks, opener.Cache))
        {
            Details =
            [
                new("Blocks", index.Blocks.Length.ToString(CultureInfo.InvariantCulture)),
                new("Streams", index.StreamCount.ToString(CultureInfo.InvariantCulture)),
                new("Check", string.Join(", ", index.Blocks.Select(block => block.Check).Distinct())),
            ],
        };
    }
}
