using System.Globalization;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Cso;

/// <summary>Compressed images of PSP and PlayStation 2 discs: CSO with deflate, ZSO with LZ4.</summary>
internal sealed class CsoFormat : IImageFormat
{
    /// <summary>Its id, for errors.</summary>
    public const string Id = "cso";

    public static FormatInfo Info { get; } =
        new(Id, "CSO, ZSO", [".cso", ".ciso", ".zso", ".ziso"], FormatCaps.Read | FormatCaps.Wrapper);

    public static Match Probe(ProbeWindow window) =>
        CsoHeader.TryParse(window.Head, out _) ? Match.Strong : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        Span<byte> raw = stackalloc byte[CsoHeader.Length];
        int read = opener.Content.ReadUpTo(0, raw);
        if (!CsoHeader.TryParse(raw[..read], out CsoHeader header))
        {
            ImageFormatException.Throw(Id, 0, "there is no header");
        }

        return new(Info, new CsoSource(opener.Content, header, opener.Cache))
        {
            Details =
            [
                new("Version", header.Version.ToString(CultureInfo.InvariantCulture)),
                new("Block size", header.BlockLength.ToString(CultureInfo.InvariantCulture)),
            ],
        };
    }
}
