using System.Collections.Immutable;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Mapping;

/// <summary>The image that another one is based on: backing file, parent. Only a file beside the overlay is opened, by
/// its bare name: what an image names may not lead to other places, unless the user allows it.</summary>
internal static class BackingFile
{
    /// <summary>How many images may be based on each other.</summary>
    public const int MaxDepth = 16;

    // Files beside an image that are looked into for its parent.
    private const int MaxCandidates = 1024;

    /// <summary>The last component of a path of Unix or Windows.</summary>
    public static string BareName(string path) => path[(path.LastIndexOfAny(['/', '\\', ':']) + 1)..];

    /// <summary>Opens the file beside an image that the image names.</summary>
    /// <param name="opener">The image that names it.</param>
    /// <param name="format">Id of the format of that image.</param>
    /// <param name="path">The name as recorded.</param>
    /// <param name="role">What it is to the image: <c>backing file</c>, <c>data file</c>, <c>extent</c>.</param>
    /// <exception cref="ImageFormatException">There is none.</exception>
    public static BlockSource OpenSibling(ImageOpener opener, string format, string path, string role) =>
        OpenSibling(opener, format, [path], role).Content;

    /// <summary>Opens a backing file as an image of its own. What is to be told of how it was found is among its
    /// warnings.</summary>
    /// <param name="opener">The image that is based on it.</param>
    /// <param name="format">Id of the format of that image.</param>
    /// <param name="path">The name as recorded.</param>
    /// <param name="formatId">Id of the format that the image records; null when it records none.</param>
    /// <param name="check">Throws when the file, which it is given with its name, is not the one that is meant.</param>
    /// <exception cref="ImageFormatException">There is none, it is wrong, or it is based on itself.</exception>
    /// <exception cref="UnsupportedFeatureException">Imaged cannot read it.</exception>
    public static DiskImage Open(
        ImageOpener opener, string format, string path, string? formatId, Action<BlockSource, string>? check = null)
    {
        ImageOpener below = Descend(opener, format, [path], "backing file");
        check?.Invoke(below.Content, below.FileName);
        DiskImage image = ImageFormats.Open(below, formatId);
        if (image.Format.Caps.HasFlag(FormatCaps.Wrapper))
        {
            image.Dispose();
            throw new UnsupportedFeatureException(format, $"a backing file in the format {image.Format.Id}");
        }

        if (BareName(path) != path && path != "./" + BareName(path) && below.FileName == BareName(path))
        {
            image = image.With($"the backing file is recorded as '{path}', the file of that name beside the image is "
                + "used (--allow-outside follows the path)");
        }

        return formatId is null
            ? image.With($"the format of the backing file is not recorded, it was taken for {image.Format.Id}")
            : image;
    }

    /// <summary>Opens a parent that is of the same format by definition.</summary>
    /// <param name="opener">The image that is based on it.</param>
    /// <param name="format">Id of the format.</param>
    /// <param name="names">Names that it may have, as recorded, the likeliest first.</param>
    /// <param name="open">Opens it, and checks that it is the one.</param>
    /// <typeparam name="T">What it is opened as.</typeparam>
    /// <exception cref="ImageFormatException">There is none, it is wrong, or it is based on itself.</exception>
    public static T OpenParent<T>(
        ImageOpener opener, string format, IReadOnlyList<string> names, Func<ImageOpener, T> open) =>
        open(Descend(opener, format, names, "parent"));

    /// <summary>The name of a parent of which only an id is recorded: it is looked for among the files beside the
    /// image.</summary>
    /// <param name="opener">The image that is based on it.</param>
    /// <param name="extension">Extension of its name, with the dot.</param>
    /// <param name="isParent">Whether a file has the id.</param>
    /// <returns>Null when none has.</returns>
    public static string? FindParent(ImageOpener opener, string extension, Func<BlockSource, bool> isParent) =>
        (opener.Siblings?.ListSiblings() ?? [])
            .Where(name => name.EndsWith(extension, StringComparison.OrdinalIgnoreCase) && name != opener.FileName)
            .Order(StringComparer.Ordinal)
            .Take(MaxCandidates)
            .FirstOrDefault(name => opener.Siblings!.TryOpen(name, out BlockSource file) && isParent(file));

    private static ImageOpener Descend(ImageOpener opener, string format, IReadOnlyList<string> names, string role)
    {
        ImmutableArray<string> chain = opener.Overlays.Add(opener.FileName);
        if (chain.Length > MaxDepth)
        {
            throw new ImageFormatException(format, 0, $"more than {MaxDepth} images are based on each other");
        }

        (string found, BlockSource source) = OpenSibling(opener, format, names, role);
        return chain.Contains(found)
            ? throw new ImageFormatException(format, 0, $"the image is based on itself by way of '{found}'")
            : opener with { Content = source, FileName = found, Overlays = chain, Snapshot = null };
    }

    private static (string Name, BlockSource Content) OpenSibling(
        ImageOpener opener, string format, IReadOnlyList<string> paths, string role)
    {
        string[] names = [.. paths.Select(BareName).Distinct()];
        string name =
            names.Length > 0 ? names[0] : throw new ImageFormatException(format, 0, $"the {role} has no name");
        if (opener.Siblings is not { } siblings)
        {
            throw new ImageFormatException(
                format, 0, $"the {role} '{name}' cannot be opened from inside another image");
        }

        foreach (string path in paths)
        {
            if (siblings.TryOpenOutside(path, opener.FileName, out string known, out BlockSource source))
            {
                return (known, source);
            }
        }

        return FindSibling(opener, siblings, names) ?? throw new ImageFormatException(
            format,
            0,
            siblings.AllowsOutside ? $"the {role} '{paths[0]}' is neither there nor beside the image"
                : paths[0] == name ? $"the {role} '{name}' is not beside the image"
                : $"the {role} '{name}' is not beside the image (--allow-outside looks for it at '{paths[0]}')");
    }

    // Systems that take upper and lower case for the same wrote some of the names: a name that differs in nothing else
    // is the second choice.
    private static (string Name, BlockSource Content)? FindSibling(
        ImageOpener opener, HostFiles siblings, string[] names)
    {
        foreach (string candidate in names)
        {
            if (siblings.TryOpen(candidate, out BlockSource source))
            {
                return (candidate, source);
            }
        }

        string? similar = siblings.ListSiblings().FirstOrDefault(sibling =>
            sibling != opener.FileName && !opener.Overlays.Contains(sibling)
            && names.Contains(sibling, StringComparer.OrdinalIgnoreCase));
        return similar is not null && siblings.TryOpen(similar, out BlockSource other) ? (similar, other) : null;
    }
}
