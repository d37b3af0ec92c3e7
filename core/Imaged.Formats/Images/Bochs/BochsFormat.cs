using System.Diagnostics.CodeAnalysis;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Bochs;

/// <summary>Growing disks of Bochs.</summary>
internal sealed class BochsFormat : IImageFormat
{
    public static FormatInfo Info { get; } = new("bochs", "Bochs growing disk", [".bochs"], FormatCaps.Read);

    public static Match Probe(ProbeWindow window) => window.Has(0, BochsHeader.Magic) ? Match.Strong : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        BochsHeader header = BochsHeader.Parse(opener.Content);
        return new DiskImage(Info, new BochsSource(header, opener.Content, opener.Cache))
        {
            Details = [new("Extent size", $"{header.ExtentLength}")],
        };
    }

    /// <summary>Throws an <see cref="ImageFormatException"/> of this format.</summary>
    [DoesNotReturn]
    public static void Throw(long offset, string message) => ImageFormatException.Throw(Info.Id, offset, message);
}
