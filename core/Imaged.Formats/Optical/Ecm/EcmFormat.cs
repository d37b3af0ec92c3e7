using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical.Ecm;

/// <summary>ECM, "error code modeler": a disc image, mostly of whole sectors, without the codes that can be
/// computed.</summary>
internal sealed class EcmFormat : IImageFormat
{
    /// <summary>Its id, for errors.</summary>
    public const string Id = "ecm";

    /// <summary>Bytes before the first record.</summary>
    public const int MagicLength = 4;

    public static FormatInfo Info { get; } =
        new(Id, "image without error codes (ECM)", [".ecm"], FormatCaps.Read | FormatCaps.Wrapper);

    private static ReadOnlySpan<byte> Magic => "ECM\0"u8;

    // Later versions are said to have another fourth byte: then the name of the file must say that it is one.
    public static Match Probe(ProbeWindow window) =>
        window.Has(0, Magic) ? Match.Strong
        : window.Has(0, Magic[..3]) && window.HasExtension(Info.Extensions) ? Match.Likely
        : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        Span<byte> magic = stackalloc byte[MagicLength];
        if (opener.Content.ReadUpTo(0, magic) < MagicLength || !magic.StartsWith(Magic[..3]))
        {
            ImageFormatException.Throw(Id, 0, "it does not begin with ECM");
        }

        if (magic[3] != 0)
        {
            UnsupportedFeatureException.Throw(Id, $"version {magic[3]}");
        }

        EcmIndex index = EcmIndex.Read(opener.Content);
        long left = opener.Content.Length - index.FileLength;
        EcmSource content = new(opener.Content, index, opener.Cache);
        return new(Info, content)
        {
            Warnings = left == 0 ? [] : [$"{left} bytes follow the checksum at the end"],
            Verify = check => Verify(content, index.Edc, check),
        };
    }

    private static void Verify(BlockSource content, uint expected, ImageCheck check)
    {
        uint edc = 0;
        check.ReadAll("EDC", content, part => edc = Edc.Compute(part, edc));
        check.Compare("EDC of the whole", edc, expected);
    }
}
