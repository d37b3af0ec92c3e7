using System.Globalization;
using System.Text;

namespace Imaged.Daemon;

/// <summary>Text from users and images, for the journal.</summary>
internal static class Text
{
    private const int MaxLength = 1024;

    /// <summary>Control characters escaped, and not too long.</summary>
    public static string Escape(string text)
    {
        StringBuilder escaped = new();
        foreach (char c in text.AsSpan(0, Math.Min(text.Length, MaxLength)))
        {
            if (char.IsControl(c)
                || c == '\\'
                || char.IsSurrogate(c)
                || CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.Format)
            {
                escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            }
            else
            {
                escaped.Append(c);
            }
        }

        return escaped.ToString();
    }
}
