using System.Diagnostics.CodeAnalysis;
using Imaged.Blocks;
using Imaged.Formats.Images.Mapping;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Vhd;

/// <summary>Disks of Virtual PC, Hyper-V, XenServer and others.</summary>
internal sealed class VhdFormat : IImageFormat
{
    public static FormatInfo Info { get; } =
        new("vhd", "Virtual Hard Disk (Hyper-V)", [".vhd", ".avhd", ".vpc"], FormatCaps.Read | FormatCaps.Backing);

    public static Match Probe(ProbeWindow window) =>
        window.HasAtEnd(VhdFooter.Size, VhdFooter.Cookie)
        || window.HasAtEnd(VhdFooter.OldSize, VhdFooter.Cookie)
        || window.Has(0, VhdFooter.Cookie)
            ? Match.Strong
            : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        BlockSource file = opener.Content;
        VhdFooter footer = VhdFooter.Read(file);
        List<string> warnings = [];
        if (!footer.HasGoodChecksum)
        {
            warnings.Add("the checksum of the footer is wrong");
        }

        List<KeyValuePair<string, string>> details =
            [new("Type", $"{footer.Type}"), new("Creator", footer.Creator), new("Id", $"{footer.Id}")];
        if (footer.Type == VhdType.Fixed)
        {
            if (footer.Length > footer.DataEnd)
            {
                Throw(footer.DataEnd, $"the disk of {footer.Length} bytes is cut off");
            }

            BlockSource content = new SliceSource(file, 0, footer.Length);
            return new DiskImage(Info, content) { Details = [.. details], Warnings = [.. warnings] };
        }

        VhdHeader header = VhdHeader.Read(file, footer);
        if (!header.HasGoodChecksum)
        {
            warnings.Add("the checksum of the dynamic header is wrong");
        }

        details.Add(new("Block size", $"{header.BlockLength}"));
        VhdSource source = new(footer, header, file, opener.Cache);
        if (footer.Type == VhdType.Dynamic)
        {
            return new DiskImage(Info, source) { Details = [.. details], Warnings = [.. warnings] };
        }

        DiskImage parent = OpenParent(opener, header);
        details.Add(new("Parent", $"{header.ParentId}"));
        return new DiskImage(Info, new OverlaySource(source, parent.Content))
        {
            Details = [.. details],
            Warnings = [.. warnings, .. parent.Warnings],
            Owned = parent.Owned,
        };
    }

    /// <summary>Throws an <see cref="ImageFormatException"/> of this format.</summary>
    [DoesNotReturn]
    public static void Throw(long offset, string message) => ImageFormatException.Throw(Info.Id, offset, message);

    private static DiskImage OpenParent(ImageOpener opener, VhdHeader header) =>
        BackingFile.OpenParent(opener, Info.Id, header.ParentNames, parent =>
        {
            VhdFooter footer = VhdFooter.Read(parent.Content);
            return footer.Id == header.ParentId
                ? Open(parent)
                : throw new ImageFormatException(
                    Info.Id, 40, $"'{parent.FileName}' has the id {footer.Id}, the parent {header.ParentId}");
        });
}
