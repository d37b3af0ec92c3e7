using System.Diagnostics.CodeAnalysis;
using Imaged.Blocks;
using Imaged.Formats.Images.Mapping;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Qed;

/// <summary>QEMU's enhanced disk format.</summary>
internal sealed class QedFormat : IImageFormat
{
    public static FormatInfo Info { get; } =
        new("qed", "QEMU enhanced disk", [".qed"], FormatCaps.Read | FormatCaps.Backing);

    public static Match Probe(ProbeWindow window) => window.Has(0, "QED\0"u8) ? Match.Strong : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        QedHeader header = QedHeader.Parse(opener.Content);
        QedSource source = new(header, opener.Content, opener.Cache);
        KeyValuePair<string, string> cluster = new("Cluster size", $"{header.ClusterLength}");
        string[] warnings = header.Features.HasFlag(QedFeatures.NeedsCheck)
            ? ["the image was not closed: what was written last may be lost"]
            : [];
        if (header.BackingName is not { } backing)
        {
            return new DiskImage(Info, source) { Details = [cluster], Warnings = [.. warnings] };
        }

        string? formatId = header.Features.HasFlag(QedFeatures.BackingIsRaw) ? "raw" : null;
        QemuNames.CheckFileName(Info.Id, backing);
        DiskImage below = BackingFile.Open(opener, Info.Id, backing, formatId);
        return new DiskImage(Info, new OverlaySource(source, below.Content))
        {
            Details = [cluster, new("Backing file", backing)],
            Warnings = [.. warnings, .. below.Warnings],
            Owned = below.Owned,
        };
    }

    /// <summary>Throws an <see cref="ImageFormatException"/> of this format.</summary>
    [DoesNotReturn]
    public static void Throw(long offset, string message) => ImageFormatException.Throw(Info.Id, offset, message);
}
