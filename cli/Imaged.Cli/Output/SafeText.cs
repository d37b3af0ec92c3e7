using System.Buffers;
using System.Globalization;
using System.Text;

namespace Imaged.Cli.Output;

/// <summary>Makes text that comes from an image harmless for a terminal.</summary>
internal static class SafeText
{
    /// <summary>A name: what does not print is escaped, and the backslash too, so that no two names look the
    /// same.</summary>
    public static string Name(string text) => Escape(text, escapeBackslash: true);

    /// <summary>A name whose bytes are known when it is not UTF-8: wrong bytes become <c>\xNN</c>.</summary>
    public static string Name(string text, byte[]? bytes)
    {
        if (bytes is null)
        {
            return Name(text);
        }

        StringBuilder result = new();
        ReadOnlySpan<byte> rest = bytes;
        while (!rest.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(rest, out Rune rune, out int length) == OperationStatus.Done)
            {
                Append(result, rune, escapeBackslash: true);
            }
            else
            {
                foreach (byte wrong in rest[..length])
                {
                    result.Append(CultureInfo.InvariantCulture, $"\\x{wrong:x2}");
                }
            }

            rest = rest[length..];
        }

        return result.ToString();
    }

    /// <summary>A sentence: what does not print is escaped.</summary>
    public static string Sentence(string text) => Escape(text, escapeBackslash: false);

    private static string Escape(string text, bool escapeBackslash)
    {
        StringBuilder result = new(text.Length);
        ReadOnlySpan<char> rest = text;
        while (!rest.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(rest, out Rune rune, out int length) == OperationStatus.Done)
            {
                Append(result, rune, escapeBackslash);
            }
            else
            {
                result.Append(CultureInfo.InvariantCulture, $"\\u{(int)rest[0]:x4}");
            }

            rest = rest[length..];
        }

        return result.ToString();
    }

    private static void Append(StringBuilder result, Rune rune, bool escapeBackslash)
    {
        // Format: characters that turn the direction of text or have no width. Separators other than the space would
        // break lines and columns. Private use and unassigned ones may do anything.
        bool prints = Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator or UnicodeCategory.OtherNotAssigned
                or UnicodeCategory.PrivateUse or UnicodeCategory.Surrogate => false,
            UnicodeCategory.SpaceSeparator => rune.Value == ' ',
            _ => true,
        };
        if (rune.Value == '\\' && escapeBackslash)
        {
            result.Append(@"\\");
        }
        else if (prints)
        {
            result.Append(rune.ToString());
        }
        else if (rune.Value < 0x80)
        {
            result.Append(CultureInfo.InvariantCulture, $"\\x{rune.Value:x2}");
        }
        else
        {
            // \u also below U+0100: \x stands for bytes that are no text.
            result.Append(CultureInfo.InvariantCulture, $"\\u{rune.Value:x4}");
        }
    }
}
