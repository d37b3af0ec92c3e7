using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Descriptors;

/// <summary>When a user opens the data file of a disc, what describes the disc often lies beside it under the same base
/// name: <c>disc.cue</c> beside <c>disc.bin</c>. Then the disc is opened by that, if it refers to the very
/// file.</summary>
internal static class DescriptorLookup
{
    /// <summary>Opens a file by the descriptor beside it.</summary>
    /// <param name="opener">The file; nothing in it says what it is.</param>
    /// <param name="formats">All formats; those with <see cref="FormatCaps.Descriptor"/> are looked for.</param>
    /// <param name="warning">Why a descriptor that is there was not used; null when there is none.</param>
    /// <returns>Null when there is no descriptor that can be used.</returns>
    public static DiskImage? TryOpen(ImageOpener opener, IReadOnlyList<FormatEntry> formats, out string? warning)
    {
        warning = null;
        string baseName = Path.GetFileNameWithoutExtension(opener.FileName);
        if (opener.Siblings is null || baseName.Length == 0)
        {
            return null;
        }

        string[] beside = [.. opener.Siblings.ListSiblings()
            .Where(name => Path.GetFileNameWithoutExtension(name).Equals(baseName, StringComparison.OrdinalIgnoreCase)
                && !name.Equals(opener.FileName, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)];
        foreach (FormatEntry format in formats.Where(format => format.Info.Caps.HasFlag(FormatCaps.Descriptor)))
        {
            foreach (string name in beside.Where(name => HasExtension(format, name)))
            {
                if (TryOpen(opener, format, name, ref warning) is { } image)
                {
                    return image;
                }
            }
        }

        return null;
    }

    private static bool HasExtension(FormatEntry format, string name) =>
        format.Info.Extensions.Contains(Path.GetExtension(name), StringComparer.OrdinalIgnoreCase);

    // The format of the descriptor is opened itself, not whatever its content may be: so this cannot go in circles.
    private static DiskImage? TryOpen(ImageOpener opener, FormatEntry format, string name, ref string? warning)
    {
        if (!opener.Siblings!.TryOpen(name, out Blocks.BlockSource descriptor)
            || format.Probe(ProbeWindow.Read(descriptor, name)) == Match.No)
        {
            return null;
        }

        DataFileWatch files = new(opener.Siblings, opener.FileName, opener.Content);
        try
        {
            DiskImage image = format.Open(opener with { Content = descriptor, FileName = name, Siblings = files });
            if (files.IsUsed)
            {
                return image;
            }

            image.Dispose();
        }
        catch (Exception error) when (error is ImageFormatException or UnsupportedFeatureException)
        {
            // The file itself may be readable all the same.
            warning ??= files.IsUsed ? $"'{name}' beside it describes it, but is not used: {error.Message}" : null;
        }

        return null;
    }
}
