using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Imaged.Blocks;
using Imaged.Formats.Images.Mapping;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Qcow2;

/// <summary>QEMU's copy-on-write images, versions 2 and 3.</summary>
internal sealed class Qcow2Format : IImageFormat
{
    public static FormatInfo Info { get; } =
        new(
            "qcow2",
            "QEMU copy-on-write, version 2 or 3",
            [".qcow2", ".qcow"],
            FormatCaps.Read | FormatCaps.Backing | FormatCaps.Snapshots);

    public static Match Probe(ProbeWindow window) =>
        HasMagic(window.Head) ? Match.Strong : Match.No;

    /// <summary>Whether these are the first bytes of an image.</summary>
    public static bool HasMagic(ReadOnlySpan<byte> head) =>
        head.Length >= 8
        && head.StartsWith((ReadOnlySpan<byte>)[0x51, 0x46, 0x49, 0xfb])
        && BinaryPrimitives.ReadUInt32BigEndian(head[4..]) >= 2;

    public static DiskImage Open(ImageOpener opener)
    {
        BlockSource file = opener.Content;
        Qcow2Header header = Qcow2Header.Parse(file);
        Qcow2Extensions extensions = Qcow2Extensions.Parse(file, header);
        List<string> warnings = [];
        ImmutableArray<KeyValuePair<string, string>> details = Describe(file, header, extensions, warnings);
        BlockSource data = file;
        if (header.Features.HasFlag(Qcow2Features.ExternalData))
        {
            string name = extensions.DataFile
                ?? throw new ImageFormatException(Info.Id, 72, "the external data file has no name");
            data = BackingFile.OpenSibling(opener, Info.Id, name, "data file");
        }

        Qcow2Header shown = opener.Snapshot is { } wanted
            ? header.At(Qcow2Snapshots.Find(file, header, wanted), file)
            : header;
        Qcow2Source source = new(shown, file, data, opener.Cache);
        return extensions.BackingName is { } backing
            ? OpenBacking(opener, source, backing, extensions.BackingFormat, details, warnings)
            : new DiskImage(Info, source) { Details = details, Warnings = [.. warnings] };
    }

    /// <summary>Throws an <see cref="ImageFormatException"/> of this format.</summary>
    [DoesNotReturn]
    public static void Throw(long offset, string message) => ImageFormatException.Throw(Info.Id, offset, message);

    private static DiskImage OpenBacking(
        ImageOpener opener,
        Qcow2Source source,
        string backing,
        string? backingFormat,
        ImmutableArray<KeyValuePair<string, string>> details,
        List<string> warnings)
    {
        string? formatId = QemuNames.ToFormatId(Info.Id, backingFormat);
        QemuNames.CheckFileName(Info.Id, backing);
        Qcow2Manifest? manifest = Qcow2Manifest.Find(opener.Content);
        DiskImage below = BackingFile.Open(
            opener, Info.Id, backing, formatId, manifest is null ? null : manifest.CheckParent);
        return new DiskImage(Info, new OverlaySource(source, below.Content))
        {
            Details = details,
            Warnings = [.. warnings, .. below.Warnings],
            Owned = below.Owned,
        };
    }

    private static ImmutableArray<KeyValuePair<string, string>> Describe(
        BlockSource file, Qcow2Header header, Qcow2Extensions extensions, List<string> warnings)
    {
        var details = ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        details.Add(new("Version", $"{header.Version}"));
        details.Add(new("Cluster size", $"{header.ClusterLength}"));
        details.Add(new("Compression", header.IsZstd ? "zstd" : "zlib"));
        if (header.Features.HasFlag(Qcow2Features.ExtendedL2))
        {
            details.Add(new("Subclusters", "32"));
        }

        if (extensions.DataFile is not null)
        {
            details.Add(new("Data file", extensions.DataFile));
        }

        if (extensions.BackingName is not null)
        {
            details.Add(new("Backing file", extensions.BackingName));
        }

        if (extensions.Manifest is not null)
        {
            details.Add(new("Backup", Qcow2Manifest.Find(file) is null
                ? "its manifest holds no longer: something has written to the image"
                : "with a manifest, which verify compares it with"));
        }

        if (extensions.BitmapCount > 0)
        {
            details.Add(new("Dirty bitmaps", $"{extensions.BitmapCount}"));
        }

        if (header.SnapshotCount > 0)
        {
            details.Add(new("Snapshots", $"{header.SnapshotCount}"));
            details.AddRange(Qcow2Snapshots.Describe(file, header, warnings)
                .Select(snapshot => new KeyValuePair<string, string>("Snapshot", snapshot)));
        }

        if (header.Features.HasFlag(Qcow2Features.Dirty))
        {
            warnings.Add(
                "the image was not closed: its reference counts may be wrong, which does not matter to reading");
        }

        if (header.Features.HasFlag(Qcow2Features.Corrupt))
        {
            warnings.Add("the image is marked as corrupt");
        }

        return details.ToImmutable();
    }
}
