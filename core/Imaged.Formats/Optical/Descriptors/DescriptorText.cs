using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Descriptors;

/// <summary>Descriptors that are text, written by programs of decades: with or without byte order mark, in UTF-8,
/// UTF-16 or the code page of some machine, of which Windows-1252 is assumed.</summary>
internal static class DescriptorText
{
    /// <summary>Most bytes of a descriptor: far more than the largest needs.</summary>
    public const int MaxLength = 4 << 20;

    // Bytes 0x80 to 0x9f of Windows-1252, where they differ from Unicode; five are not used.
    private const string HighControls =
        "\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d\u008f"
        + "\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153\u009d\u017e\u0178";

    /// <summary>The text of a file.</summary>
    /// <param name="source">The file.</param>
    /// <param name="format">Id of the format, for errors.</param>
    /// <exception cref="ImageFormatException">It is no text, or longer than <see cref="MaxLength"/>.</exception>
    public static string Read(BlockSource source, string format)
    {
        if (source.Length > MaxLength)
        {
            ImageFormatException.Throw(
                format, 0, $"a descriptor of {source.Length} bytes is above the limit of {MaxLength}");
        }

        byte[] bytes = source.ReadBytes(0, (int)source.Length);
        if (!IsText(bytes))
        {
            ImageFormatException.Throw(format, 0, "it is no text");
        }

        return Decode(bytes);
    }

    /// <summary>The text at the beginning of a file, for a probe; empty when it is no text, or too long for a
    /// descriptor.</summary>
    public static string ReadHead(ProbeWindow window) =>
        window.Length <= MaxLength && IsText(window.Head) ? Decode(window.Head) : string.Empty;

    /// <summary>The lines of a text, whatever ends them, with the offset of each; without blanks around them.</summary>
    public static IEnumerable<(int Offset, string Line)> Lines(string text)
    {
        int begin = 0;
        while (begin < text.Length)
        {
            int length = text.AsSpan(begin).IndexOfAny('\r', '\n');
            int end = length < 0 ? text.Length : begin + length;
            string line = text[begin..end].Trim();
            if (line.Length > 0)
            {
                yield return (begin, line);
            }

            begin = end + 1;
        }
    }

    private static bool IsText(ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xff, 0xfe]) || bytes.StartsWith((ReadOnlySpan<byte>)[0xfe, 0xff]))
        {
            return true;
        }

        // 26 is the end of a file of CP/M and DOS.
        foreach (byte value in bytes)
        {
            if (value < 32 && value is not (9 or 10 or 12 or 13 or 26))
            {
                return false;
            }
        }

        return !bytes.IsEmpty;
    }

    private static string Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xff, 0xfe]))
        {
            return Encoding.Unicode.GetString(bytes[2..]);
        }

        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xfe, 0xff]))
        {
            return Encoding.BigEndianUnicode.GetString(bytes[2..]);
        }

        if (bytes.StartsWith((ReadOnlySpan<byte>)[0xef, 0xbb, 0xbf]))
        {
            return Encoding.UTF8.GetString(bytes[3..]);
        }

        return System.Text.Unicode.Utf8.IsValid(bytes)
            ? Encoding.UTF8.GetString(bytes)
            : string.Create(bytes.Length, bytes, static (text, source) =>
            {
                for (int i = 0; i < source.Length; i++)
                {
                    text[i] = source[i] is >= 0x80 and < 0xa0 ? HighControls[source[i] - 0x80] : (char)source[i];
                }
            });
    }
}
