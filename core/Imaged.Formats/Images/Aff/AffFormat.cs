using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Aff;

/// <summary>Advanced Forensic Format, versions 1 to 3: only recognised.</summary>
internal sealed class AffFormat : IImageFormat
{
    public static FormatInfo Info { get; } = new("aff", "AFF forensic image", [".aff"], FormatCaps.None);

    public static Match Probe(ProbeWindow window) => window.Has(0, "AFF10\r\n\0"u8) ? Match.Strong : Match.No;

    public static DiskImage Open(ImageOpener opener) => throw new UnsupportedFeatureException(
        Info.Id, "AFF before version 4 (affconvert of afflib-tools makes it a raw image)");
}
