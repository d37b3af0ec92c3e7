using System.Globalization;
using System.Text;

namespace Imaged.Formats.Udf;

/// <summary>OSTA compressed Unicode: a byte that says 8 or 16 bits, then Latin-1 or UTF-16BE.</summary>
internal static class UdfText
{
    /// <summary>Longest name that a directory entry may show, in bytes of UTF-8.</summary>
    public const int MaxNameLength = 255;

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
        return name.Length <= MaxNameLength ? name : Shorten(name, UdfTag.ComputeCrc(raw));
    }

    /// <summary>Decodes characters behind their compression byte.</summary>
    public static string Decode(byte compression, ReadOnlySpan<byte> characters) =>
        compression is 8 or 254 ? Encoding.Latin1.GetString(characters)
            : Encoding.BigEndianUnicode.GetString(characters[..(characters.Length & ~1)]);

    // A name that is too long keeps its beginning, and stays distinct from its likes by a checksum of the whole.
    private static byte[] Shorten(byte[] name, ushort crc)
    {
        int keep = MaxNameLength - 5;
        while ((name[keep] & 0xc0) == 0x80)
        {
            keep--;
        }

        return [.. name[..keep], .. Encoding.ASCII.GetBytes("#" + crc.ToString("X4", CultureInfo.InvariantCulture))];
    }
}
