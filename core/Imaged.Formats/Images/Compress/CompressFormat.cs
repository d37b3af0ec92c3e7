using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Codecs;
using Imaged.Formats.Images.Compressed;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Compress;

/// <summary>An image inside a file of compress(1). It has no length, no checks and no end: a file that is cut off
/// between two codes looks like a shorter one.</summary>
internal sealed class CompressFormat : IImageFormat
{
    public static FormatInfo Info { get; } =
        new("compress", "image compressed with compress", [".Z"], FormatCaps.Read | FormatCaps.Wrapper);

    public static Match Probe(ProbeWindow window) =>
        window.Has(0, LzwDecoder.Magic) && window.Head.Length > LzwDecoder.HeaderLength
            && LzwDecoder.IsParameters(window.Head[2])
            ? Match.Strong
            : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        BlockSource file = opener.Content;
        byte[] header = file.Length < LzwDecoder.HeaderLength ? [] : file.ReadBytes(0, LzwDecoder.HeaderLength);
        if (!header.AsSpan().StartsWith(LzwDecoder.Magic) || !LzwDecoder.IsParameters(header[2]))
        {
            ImageFormatException.Throw(Info.Id, 0, "there is no header of compress, or its codes are of an odd width");
        }

        BlockSource content = CompressedImage.OpenMeasured(
            opener,
            Info.Id,
            [new(0, 0, 0, file.Length)],
            _ => new LzwDecoder(Info.Id, new StreamInput(file, 0, file.Length)));
        return new DiskImage(Info, content)
        {
            Details = [new("Code width", (header[2] & LzwDecoder.WidthMask).ToString(CultureInfo.InvariantCulture))],
        };
    }
}
