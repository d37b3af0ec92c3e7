using System.Collections.Immutable;
using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Raw;

/// <summary>A raw image in numbered parts: <c>disk.001</c>, <c>disk.002</c> … or from <c>.000</c> on. Only the names tell
/// that the parts belong together, so the probe goes by the name of the first one, and opening it fails when there is no
/// second.</summary>
internal sealed class SplitRawFormat : IImageFormat
{
    // Three digits name at most a thousand parts.
    private const int MaxParts = 1000;

    public static FormatInfo Info { get; } =
        new("splitraw", "raw image in parts", [".001", ".000"], FormatCaps.Read | FormatCaps.Split);

    public static Match Probe(ProbeWindow window) => window.HasExtension(Info.Extensions) ? Match.Weak : Match.No;

    public static DiskImage Open(ImageOpener opener)
    {
        string name = opener.FileName;
        if (opener.Siblings is null || name.Length < 5
            || !int.TryParse(name.AsSpan(name.Length - 3), NumberStyles.None, CultureInfo.InvariantCulture, out int first)
            || name[^4] != '.')
        {
            throw new ImageFormatException(Info.Id, 0, "the name of the first part does not end in .000 or .001");
        }

        List<BlockSource> parts = [opener.Content];
        for (int number = first + 1; parts.Count < MaxParts; number++)
        {
            string part = string.Create(CultureInfo.InvariantCulture, $"{name[..^3]}{number:D3}");
            if (!opener.Siblings.TryOpen(part, out BlockSource source))
            {
                break;
            }

            parts.Add(source);
        }

        if (parts.Count == 1)
        {
            throw new ImageFormatException(Info.Id, 0, $"there is no second part beside '{name}'");
        }

        return new DiskImage(Info, new ConcatSource(parts, ownsParts: false)) { Warnings = FindGap(opener, parts) };
    }

    // All parts but the last have one size; a shorter one in between hints at a part that was cut off.
    private static ImmutableArray<string> FindGap(ImageOpener opener, List<BlockSource> parts)
    {
        for (int i = 1; i < parts.Count - 1; i++)
        {
            if (parts[i].Length != parts[0].Length)
            {
                return [$"part {i + 1} of '{opener.FileName}' is {parts[i].Length} bytes long, the first one {parts[0].Length}"];
            }
        }

        return [];
    }
}
