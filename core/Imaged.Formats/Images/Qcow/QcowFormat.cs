using System.Diagnostics.CodeAnalysis;
using Imaged.Blocks;
using Imaged.Formats.Images.Mapping;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Qcow;

/// <summary>QEMU's copy-on-write images, version 1.</summary>
internal sealed class QcowFormat : IImageFormat
{
    public static FormatInfo Info { get; } =
        new("qcow", "QEMU copy-on-write, version 1", [".qcow"], FormatCaps.Read | FormatCaps.Backing);

    public static Match Probe(ProbeWindow window) =>
        window.Has(0, [0x51, 0x46, 0x49, 0xfb, 0, 0, 0, 1]) ? Match.Strong : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        QcowHeader header = QcowHeader.Parse(opener.Content);
        QcowSource source = new(header, opener.Content, opener.Cache);
        KeyValuePair<string, string> cluster = new("Cluster size", $"{1 << header.ClusterBits}");
        if (header.BackingName is not { } backing)
        {
            return new DiskImage(Info, source) { Details = [cluster] };
        }

        // This version has no place for the backing file's format.
        QemuNames.CheckFileName(Info.Id, backing);
        DiskImage below = BackingFile.Open(opener, Info.Id, backing, null);
        return new DiskImage(Info, new OverlaySource(source, below.Content))
        {
            Details = [cluster, new("Backing file", backing)],
            Warnings = below.Warnings,
            Owned = below.Owned,
        };
    }

    /// <summary>Throws an <see cref="ImageFormatException"/> of this format.</summary>
    [DoesNotReturn]
    public static void Throw(long offset, string message) => ImageFormatException.Throw(Info.Id, offset, message);
}
