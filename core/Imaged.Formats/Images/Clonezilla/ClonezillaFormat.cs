using System.Diagnostics.CodeAnalysis;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Images.Mapping;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Clonezilla;

/// <summary>A directory in which Clonezilla saved a disk: the partition table, and for each partition a file of
/// partclone, often compressed and in pieces. It is opened by its list of partitions, the file <c>parts</c>.</summary>
internal sealed class ClonezillaFormat : IImageFormat
{
    private const string ListName = "parts";
    private const string DiskName = "disk";
    private const int MaxTextLength = 65536;

    public static FormatInfo Info { get; } = new(
        "clonezilla", "disk saved by Clonezilla", [], FormatCaps.Read | FormatCaps.Split);

    public static Match Probe(ProbeWindow window) =>
        window.FileName == ListName && window.Length is > 0 and <= MaxTextLength && IsList(window.Head)
            ? Match.Likely
            : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        if (opener.Siblings is null || opener.FileName != ListName)
        {
            Throw($"the file is not the list '{ListName}' in a directory of Clonezilla");
        }

        string[] disks =
            ReadText(opener, DiskName).Split([' ', '\n', '\r', '\t'], StringSplitOptions.RemoveEmptyEntries);
        if (disks is not [string disk])
        {
            throw new UnsupportedFeatureException(
                Info.Id, $"a directory of {disks.Length} disks (open the first piece of a partition)");
        }

        ClonezillaTable table = ClonezillaTable.Parse(ReadText(opener, disk + "-pt.sf"));
        if (table.Partitions.FirstOrDefault(partition => partition.IsExtended) is { } extended)
        {
            throw new UnsupportedFeatureException(
                Info.Id,
                $"a disk with logical partitions, in '{extended.Name}' (open the first piece of a partition)");
        }

        ClonezillaDisk content = ClonezillaDisk.Open(opener, disk, table);
        return new DiskImage(Info, content.Source)
        {
            Details = [new("Disk", disk), .. content.Details],
            Warnings = [.. content.Warnings],
            Verify = content.Images.Any(image => image.CanVerify) ? content.Verify : null,
            Owned = [.. content.Images],
        };
    }

    /// <summary>Throws an <see cref="ImageFormatException"/> of this format.</summary>
    [DoesNotReturn]
    public static void Throw(string message) => ImageFormatException.Throw(Info.Id, 0, message);

    private static string ReadText(ImageOpener opener, string name)
    {
        BlockSource file = BackingFile.OpenSibling(opener, Info.Id, name, "file");
        if (file.Length > MaxTextLength)
        {
            Throw($"the file '{name}' has {file.Length} bytes, more than {MaxTextLength}");
        }

        return Encoding.UTF8.GetString(file.ReadBytes(0, (int)file.Length));
    }

    // Names of devices.
    private static bool IsList(ReadOnlySpan<byte> head) =>
        head[..(int)Math.Min(head.Length, 4096)].IndexOfAnyExcept(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_/. \r\n\t"u8) < 0;
}
