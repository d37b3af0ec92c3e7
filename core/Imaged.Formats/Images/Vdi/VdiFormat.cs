using System.Diagnostics.CodeAnalysis;
using Imaged.Blocks;
using Imaged.Formats.Images.Mapping;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Vdi;

/// <summary>Disks of VirtualBox.</summary>
internal sealed class VdiFormat : IImageFormat
{
    public static FormatInfo Info { get; } =
        new("vdi", "VirtualBox disk", [".vdi"], FormatCaps.Read | FormatCaps.Backing);

    public static Match Probe(ProbeWindow window) => VdiHeader.IsVdi(window.Head) ? Match.Strong : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        VdiHeader header = VdiHeader.Parse(opener.Content);
        VdiSource source = new(header, opener.Content, opener.Cache);
        KeyValuePair<string, string>[] details =
            [new("Type", $"{header.Type}"), new("Block size", $"{header.BlockLength}"), new("Id", $"{header.Id}")];
        if (header.Type == VdiType.Undo)
        {
            throw new UnsupportedFeatureException(Info.Id, "a disk of the type undo");
        }

        if (header.Type != VdiType.Differencing)
        {
            return new DiskImage(Info, source) { Details = [.. details] };
        }

        DiskImage parent = BackingFile.OpenParent(opener, Info.Id, [FindParent(opener, header)], Open);
        return new DiskImage(Info, new OverlaySource(source, parent.Content))
        {
            Details = [.. details, new("Parent", $"{header.ParentId}")],
            Warnings = parent.Warnings,
            Owned = parent.Owned,
        };
    }

    /// <summary>Throws an <see cref="ImageFormatException"/> of this format.</summary>
    [DoesNotReturn]
    public static void Throw(long offset, string message) => ImageFormatException.Throw(Info.Id, offset, message);

    // A child names its parent by its id only: it is looked for among the disks beside it.
    private static string FindParent(ImageOpener opener, VdiHeader header) =>
        BackingFile.FindParent(opener, ".vdi", file => HasId(file, header.ParentId))
        ?? throw new ImageFormatException(
            Info.Id, 424, $"no .vdi file beside the image has the parent's id {header.ParentId}");

    private static bool HasId(BlockSource file, Guid id)
    {
        Span<byte> raw = stackalloc byte[408];
        return file.ReadUpTo(0, raw) == raw.Length && VdiHeader.IsVdi(raw) && new Guid(raw[392..]) == id;
    }
}
