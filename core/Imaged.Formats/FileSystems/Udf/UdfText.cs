using System.Globalization;
using System.Text;
using Imaged.Formats.Shared;

namespace Imaged.Formats.Udf;

/// <summary>OSTA compressed Unicode: a byte that says 8 or 16 bits, then Latin-1 or UTF-16BE.</summary>
internal static class UdfText
{
    /// <summary>Decodes a dstring: a field of fixed length whose last byte is the used length (UDF 2.1.3).</summary>
    /// <returns>Null when it is empty or of an unknown kind.</returns>
    public static string? FromDstring(ReadOnlySpan<byte> field)
    {
        int used = Math.Min((int)field[^1], field.Length - 1);
        if (used < 2 || field[0] is not (8 or 16))
        {
            return null;
        }

        string text = Decode(field[0], field[1..used]);
        int end = text.IndexOf('\0', StringComparison.Ordinal);
        return end == 0 ? null : end < 0 ? text : text[..end];
    }

    /// <summary>Converts the name of a file: UTF-8, with what a name on Linux cannot have replaced.</summary>
    /// <param name="raw">Compression byte and characters.</param>
    /// <returns>1 to 255 bytes, or nothing when the name is empty or of an unknown kind.</returns>
    public static byte[] ToFileName(ReadOnlySpan<byte> raw)
    {
        if (raw.Length < 2 || raw[0] is not (8 or 16 or 254 or 255))
        {
            return [];
        }

        string text = Decode(raw[0], raw[1..]).Replace('/', '_').Replace('\0', '_');
        if (text is "." or "..")
        {
            text = text.Replace('.', '_');
        }

        byte[] name = Encoding.UTF8.GetBytes(text);
        return name.Length <= FileNames.MaxLength
            ? name
            : FileNames.Shorten(name, "#" + UdfTag.ComputeCrc(raw).ToString("X4", CultureInfo.InvariantCulture));
    }

    /// <summary>Decodes characters behind their compression byte.</summary>
    public static string Decode(byte compression, ReadOnlySpan<byte> characters) =>
        compression is 8 or 254 ? Encoding.Latin1.GetString(characters)
            : Encoding.BigEndianUnicode.GetString(characters[..(characters.Length & ~1)]);
}
