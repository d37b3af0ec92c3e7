using Imaged.Blocks;
using Imaged.Formats.Images.Raw;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Embedded;

namespace Imaged.Formats.Images.Headered;

/// <summary>Files with a header that nobody knows before the bytes of a disk or disc. Tried when no format knows the
/// file, its name does not say that it is raw, and nothing is recognised at its beginning.</summary>
internal sealed class HeaderedFormat : IImageFormat
{
    private const int MinLength = 4096;

    public static FormatInfo Info { get; } = new(
        "headered", "disk or disc behind an unknown header", [], FormatCaps.Read);

    public static Match Probe(ProbeWindow window) =>
        window.Length > MinLength && window.FileName.Length > 0 && !window.HasExtension(RawFormat.Info.Extensions)
            ? Match.Weak
            : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        if (!HeaderedDisk.HasVolume(opener.Content) && TryOpen(Info, opener.Content) is { } image)
        {
            return image;
        }

        throw new ImageFormatException(Info.Id, 0, "there is no header before a disk");
    }

    /// <summary>The disk or disc in a file.</summary>
    /// <param name="format">The format that looks for it.</param>
    /// <param name="content">The file.</param>
    /// <returns>Null when there is none.</returns>
    internal static DiskImage? TryOpen(FormatInfo format, BlockSource content)
    {
        if (HeaderedDisk.Find(content) is { } offset)
        {
            return offset == 0
                ? new DiskImage(format, content)
                : new DiskImage(format, new SliceSource(content, offset, content.Length - offset, ownsInner: true))
                {
                    Details = [new("Header", FormattableString.Invariant($"{offset} bytes"))],
                    Warnings = [
                        $"the layout of the file is not documented: a disk was found {offset} bytes behind its "
                            + "beginning"],
                };
        }

        return EmbeddedVolume.Find(content) is { } volume ? EmbeddedDisc.Create(format, content, volume) : null;
    }
}
