using System.Collections.Immutable;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Raw;

/// <summary>A raw image in numbered parts: <c>disk.001</c>, <c>disk.002</c> … Only the names tell that the parts belong
/// together, so the probe goes by the name of the first one, and opening it fails when there is no second.</summary>
internal sealed class SplitRawFormat : IImageFormat
{
    public static FormatInfo Info { get; } = new(
        "splitraw",
        "raw image in parts",
        [".001", ".000", ".00", ".01", ".0000", ".0001", ".aa", ".aaa", ".aaaa"],
        FormatCaps.Read | FormatCaps.Split);

    public static Match Probe(ProbeWindow window) =>
        PartName.TryParse(window.FileName, out _) ? Match.Weak : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        if (opener.Siblings is null || !PartName.TryParse(opener.FileName, out PartName name))
        {
            throw new ImageFormatException(Info.Id, 0, "the name is not that of a first part, such as disk.001");
        }

        List<BlockSource> parts = [opener.Content];
        while (parts.Count < name.MaxCount && opener.Siblings.TryOpen(name.At(parts.Count), out BlockSource source))
        {
            parts.Add(source);
        }

        if (parts.Count == 1)
        {
            throw new ImageFormatException(Info.Id, 0, $"there is no second part beside '{opener.FileName}'");
        }

        return new DiskImage(Info, new ConcatSource(parts, ownsParts: false))
        {
            Details = [new("Parts", parts.Count.ToString(System.Globalization.CultureInfo.InvariantCulture))],
            Warnings = FindWarnings(opener, name, parts),
        };
    }

    // All parts but the last have one size, and they follow each other without a gap; what differs hints at a part that
    // was cut off or lost.
    private static ImmutableArray<string> FindWarnings(ImageOpener opener, PartName name, List<BlockSource> parts)
    {
        ImmutableArray<string>.Builder warnings = ImmutableArray.CreateBuilder<string>();
        for (int i = 1; i < parts.Count; i++)
        {
            bool isOdd = i < parts.Count - 1
                ? parts[i].Length != parts[0].Length
                : parts[i].Length > parts[0].Length;
            if (isOdd)
            {
                warnings.Add($"part '{name.At(i)}' has {parts[i].Length} bytes, the first one {parts[0].Length}");
                break;
            }
        }

        if (parts.Count + 1 < name.MaxCount && opener.Siblings!.TryOpen(name.At(parts.Count + 1), out _))
        {
            warnings.Add($"part '{name.At(parts.Count)}' is missing: the image ends before it");
        }

        return warnings.ToImmutable();
    }
}
