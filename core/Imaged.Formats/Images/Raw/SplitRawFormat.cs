using System.Collections.Immutable;
using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Raw;

/// <summary>An image that was cut into parts: <c>disk.001</c>, <c>disk.002</c> …, <c>disk.gz.aa</c>, <c>disk.gz.ab</c>
/// …, whatever it is as a whole. Only the names tell that the parts belong together; any of them may be named, and
/// opening it fails when there is no other.</summary>
internal sealed class SplitRawFormat : IImageFormat
{
    public static FormatInfo Info { get; } = new(
        "splitraw",
        "image in parts",
        [".001", ".000", ".00", ".01", ".0000", ".0001", ".aa", ".aaa", ".aaaa"],
        FormatCaps.Read | FormatCaps.Split | FormatCaps.Wrapper);

    public static Match Probe(ProbeWindow window) =>
        window.Length > 0 && PartName.TryParse(window.FileName, out _, out _) ? Match.Weak : Match.No;

    public static DiskImage Open(ImageOpener opener) =>
        PartFiles.Find(opener) is { } parts
            ? Create(opener, parts)
            : throw new ImageFormatException(
                Info.Id, 0, $"there is no other part beside '{opener.FileName}', such as disk.001 and disk.002");

    /// <summary>Opens the whole of which a file, though its content says what it is, is only the first part: a
    /// compressed image that was cut into pieces begins like any other one.</summary>
    /// <param name="opener">The file.</param>
    /// <param name="entry">What its content says it is.</param>
    /// <returns>Null when it stands for itself: the format has parts of its own, there are none beside it, or these
    /// are images, too.</returns>
    public static DiskImage? TryOpenWhole(ImageOpener opener, FormatEntry entry)
    {
        if (entry.Info.Caps.HasFlag(FormatCaps.Split) || PartFiles.Find(opener) is not { } parts)
        {
            return null;
        }

        int other = parts.Named == 0 ? 1 : 0;
        ProbeWindow window = ProbeWindow.Read(parts.Files[other], parts.Name.At(other));
        return entry.Probe(window) >= Match.Likely ? null : Create(opener, parts);
    }

    private static DiskImage Create(ImageOpener opener, PartFiles parts) =>
        new(Info, new ConcatSource(parts.Files, ownsParts: false))
        {
            Details = [new("Parts", parts.Files.Count.ToString(CultureInfo.InvariantCulture))],
            Warnings = FindWarnings(opener.Siblings!, parts),
        };

    // All parts but the last have one size, and they follow each other without a gap; what differs hints at a part that
    // was cut off or lost.
    private static ImmutableArray<string> FindWarnings(HostFiles siblings, PartFiles parts)
    {
        (PartName name, IReadOnlyList<BlockSource> files, _) = parts;
        ImmutableArray<string>.Builder warnings = ImmutableArray.CreateBuilder<string>();
        for (int i = 1; i < files.Count; i++)
        {
            bool isOdd = i < files.Count - 1
                ? files[i].Length != files[0].Length
                : files[i].Length > files[0].Length;
            if (isOdd)
            {
                warnings.Add($"part '{name.At(i)}' has {files[i].Length} bytes, the first one {files[0].Length}");
                break;
            }
        }

        if (files.Count + 1 < name.MaxCount && siblings.TryOpen(name.At(files.Count + 1), out _))
        {
            warnings.Add($"part '{name.At(files.Count)}' is missing: the image ends before it");
        }

        return warnings.ToImmutable();
    }
}
