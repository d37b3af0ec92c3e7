using System.Text;

namespace Imaged.Formats.Iso9660;

/// <summary>Label and UUID by the rules of <c>libblkid</c>, so that <c>/dev/disk/by-label</c> and this agree.</summary>
internal static class IsoLabel
{
    private const int VolumeIdLength = 32;
    private const int DateLength = 16;

    /// <summary>The label; null when there is none.</summary>
    public static string? Label(IsoDescriptors descriptors)
    {
        ReadOnlySpan<byte> primary = descriptors.Primary.AsSpan(descriptors.IsHighSierra ? 48 : 40, VolumeIdLength);
        string text = descriptors.Joliet is { } joliet
            ? Merge(primary, joliet.AsSpan(40, VolumeIdLength))
            : Encoding.UTF8.GetString(primary);
        return Trim(text);
    }

    /// <summary>The date of the last modification, or of creation, with hyphens; null when neither is set.</summary>
    public static string? Uuid(IsoDescriptors descriptors)
    {
        bool highSierra = descriptors.IsHighSierra;
        ReadOnlySpan<byte> created = descriptors.Primary.AsSpan(highSierra ? 790 : 813, DateLength + 1);
        ReadOnlySpan<byte> modified = descriptors.Primary.AsSpan(highSierra ? 806 : 830, DateLength + 1);
        return Uuid(modified, !highSierra) ?? Uuid(created, !highSierra);
    }

    /// <summary>A text field of a descriptor without the blanks behind it; null when nothing is left.</summary>
    public static string? Trim(string text)
    {
        int end = text.IndexOf('\0', StringComparison.Ordinal);
        text = (end < 0 ? text : text[..end]).TrimEnd(' ', '\t', '\n', '\v', '\f', '\r');
        return text.Length == 0 ? null : text;
    }

    private static string? Uuid(ReadOnlySpan<byte> date, bool hasZone)
    {
        bool unset = !date[..DateLength].ContainsAnyExcept((byte)'0') && (!hasZone || date[DateLength] == 0);
        if (unset || !date[..DateLength].ContainsAnyExcept((byte)0))
        {
            return null;
        }

        string digits = Encoding.Latin1.GetString(date[..DateLength]);
        StringBuilder text = new(digits[..4]);
        for (int i = 4; i < DateLength; i += 2)
        {
            text.Append('-').Append(digits.AsSpan(i, 2));
        }

        return text.ToString();
    }

    // Joliet has the characters but half the room, the primary descriptor the room but ASCII only, with '_' for what it
    // lacks and perhaps in upper case. Where Joliet's text begins the primary one's, the two together give the whole.
    private static string Merge(ReadOnlySpan<byte> primary, ReadOnlySpan<byte> joliet)
    {
        string wide = Encoding.BigEndianUnicode.GetString(joliet);
        StringBuilder merged = new();
        int w = 0;
        int p = 0;
        for (; w < wide.Length && p < primary.Length; w++, p++)
        {
            if (char.IsHighSurrogate(wide[w]) && w + 1 < wide.Length && char.IsLowSurrogate(wide[w + 1]))
            {
                merged.Append(wide[w++]);
            }

            char ascii = (char)primary[p];
            if (ascii == '_')
            {
                merged.Append(wide[w]);
            }
            else if (wide[w] == '_')
            {
                merged.Append(ascii);
            }
            else if (wide[w] < 256 && ToUpper(ascii) == ToUpper(wide[w]))
            {
                merged.Append(char.IsAsciiLetterUpper(ascii) ? wide[w] : ascii);
            }
            else
            {
                return wide;
            }
        }

        for (; p < primary.Length; p++)
        {
            merged.Append((char)primary[p]);
        }

        return merged.ToString();
    }

    private static char ToUpper(char c) => char.IsAsciiLetterLower(c) ? (char)(c - 32) : c;
}
