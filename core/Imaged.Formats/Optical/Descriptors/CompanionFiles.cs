using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Descriptors;

/// <summary>Finds the data files that a descriptor names. What it says was right on another machine, in another folder,
/// under another encoding: the file itself lies beside the descriptor, or the descriptor is of no use. Not
/// thread-safe.</summary>
/// <param name="format">Id of the format, for errors.</param>
/// <param name="opener">The descriptor.</param>
/// <param name="warnings">Takes what was found under another name.</param>
internal sealed class CompanionFiles(string format, ImageOpener opener, List<string> warnings)
{
    private IReadOnlyList<string>? _siblings;

    private IReadOnlyList<string> Siblings => _siblings ??= opener.Siblings?.ListSiblings() ?? [];

    /// <summary>Opens the file that a descriptor names. It belongs to <see cref="ImageOpener.Siblings"/>.</summary>
    /// <param name="recorded">What the descriptor says, perhaps with folders.</param>
    /// <param name="offset">Byte offset of the name in the descriptor, for errors.</param>
    /// <param name="extensions">When the descriptor names no other file: with which extensions, with their dot, its
    /// only file may lie beside it under a name of its own; else empty.</param>
    /// <returns>The file, and the name under which it was found.</returns>
    /// <exception cref="ImageFormatException">There is no such file; says which was looked for.</exception>
    public (BlockSource Source, string Name) Open(string recorded, long offset, params string[] extensions) =>
        TryOpen(recorded, offset, extensions)
        ?? throw new ImageFormatException(format, offset, opener.Siblings is null
            ? $"'{LastPart(recorded)}' belongs to it, but inside of another image nothing lies beside it"
            : $"'{LastPart(recorded)}' belongs to it, but does not lie beside it");

    /// <summary>As <see cref="Open"/>, but null when there is no such file.</summary>
    /// <exception cref="ImageFormatException">The descriptor names itself, or nothing.</exception>
    public (BlockSource Source, string Name)? TryOpen(string recorded, long offset, params string[] extensions)
    {
        string name = LastPart(recorded);
        if (name.Length == 0 || name.Equals(opener.FileName, StringComparison.Ordinal))
        {
            ImageFormatException.Throw(format, offset, $"the name of its data file is '{name}'");
        }

        if (opener.Siblings is null)
        {
            return null;
        }

        if (opener.Siblings.TryOpenOutside(recorded, opener.FileName, out string known, out BlockSource outside))
        {
            return (outside, known);
        }

        if (opener.Siblings.TryOpen(name, out BlockSource source))
        {
            return (source, name);
        }

        bool isOther = false;
        foreach (string? found in Candidates(name, extensions))
        {
            if (found is null)
            {
                // What comes now has another name, not only another spelling.
                isOther = true;
            }
            else if (!found.Equals(opener.FileName, StringComparison.Ordinal)
                && opener.Siblings.TryOpen(found, out source))
            {
                if (isOther)
                {
                    warnings.Add($"'{name}' does not lie beside it: '{found}' is taken for it");
                }

                return (source, found);
            }
        }

        return null;
    }

    /// <summary>The last part of a path, whichever way its folders are written.</summary>
    public static string LastPart(string path) => path[(path.AsSpan().LastIndexOfAny('/', '\\') + 1)..];

    // Null separates other spellings from other names.
    private IEnumerable<string?> Candidates(string name, string[] extensions)
    {
        foreach (string sibling in Named(name))
        {
            yield return sibling;
        }

        if (!System.Text.Ascii.IsValid(name))
        {
            // The wrong encoding was assumed, here or there.
            string ascii = OnlyAscii(name);
            string[] similar = [.. Siblings.Where(sibling => !System.Text.Ascii.IsValid(sibling)
                && OnlyAscii(sibling).Equals(ascii, StringComparison.OrdinalIgnoreCase))];
            if (similar.Length == 1)
            {
                yield return similar[0];
            }
        }

        yield return null;
        string baseName = Path.GetFileNameWithoutExtension(opener.FileName);
        foreach (string extension in extensions.Prepend(Path.GetExtension(name)))
        {
            foreach (string sibling in Named(baseName + extension))
            {
                yield return sibling;
            }
        }

        string[] possible = [.. Siblings.Where(
            sibling => extensions.Contains(Path.GetExtension(sibling), StringComparer.OrdinalIgnoreCase))];
        if (possible.Length == 1)
        {
            yield return possible[0];
        }
    }

    private IEnumerable<string> Named(string name) =>
        Siblings.Where(sibling => sibling.Equals(name, StringComparison.OrdinalIgnoreCase))
            .Order(StringComparer.Ordinal);

    private static string OnlyAscii(string name) => string.Concat(name.Where(char.IsAscii));
}
