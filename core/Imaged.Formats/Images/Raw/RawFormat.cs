using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Raw;

/// <summary>The bytes of a disk as they are: ISO, IMG, a block device, anything.</summary>
internal sealed class RawFormat : IImageFormat
{
    public static FormatInfo Info { get; } =
        new(
            "raw",
            "raw disk or disc image",
            [".iso", ".img", ".ima", ".raw", ".dd", ".bin"],
            FormatCaps.Read | FormatCaps.Write);

    public static Match Probe(ProbeWindow window) => Match.Weak;

    public static DiskImage Open(ImageOpener opener)
    {
        if (opener.Content.Length == 0)
        {
            throw new ImageFormatException(Info.Id, 0, "the file is empty");
        }

        return new DiskImage(Info, opener.Content);
    }
}
