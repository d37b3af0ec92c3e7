using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace Imaged.Formats.Shared;

/// <summary>Makes names that Linux takes out of those of other systems.</summary>
internal static class FileNames
{
    /// <summary>Longest name that a directory entry may show, in bytes.</summary>
    public const int MaxLength = 255;

    /// <summary>Text in UTF-8. An unpaired surrogate becomes the three bytes that it would have as a character of its
    /// own, so that names that differ stay so (WTF-8; ntfs-3g does the same).</summary>
    /// <param name="utf16">Little-endian units; an odd byte at the end is left out.</param>
    public static byte[] ToUtf8(ReadOnlySpan<byte> utf16)
    {
        byte[] utf8 = new byte[utf16.Length / 2 * 3];
        int length = 0;
        while (utf16.Length >= 2)
        {
            char unit = (char)BinaryPrimitives.ReadUInt16LittleEndian(utf16);
            utf16 = utf16[2..];
            if (utf16.Length >= 2 && Rune.TryCreate(
                unit, (char)BinaryPrimitives.ReadUInt16LittleEndian(utf16), out Rune pair))
            {
                utf16 = utf16[2..];
                length += pair.EncodeToUtf8(utf8.AsSpan(length));
            }
            else if (Rune.TryCreate(unit, out Rune single))
            {
                length += single.EncodeToUtf8(utf8.AsSpan(length));
            }
            else
            {
                utf8[length++] = (byte)(0xe0 | (unit >> 12));
                utf8[length++] = (byte)(0x80 | ((unit >> 6) & 0x3f));
                utf8[length++] = (byte)(0x80 | (unit & 0x3f));
            }
        }

        return utf8[..length];
    }

    /// <summary>A name in UTF-8, as <see cref="ToUtf8"/> has it, with an underscore for what no name can have here: a
    /// slash, a NUL, the dots of <c>.</c> and <c>..</c>. Too long ones are shortened.</summary>
    /// <returns>1 to 255 bytes; none when the name is empty.</returns>
    public static byte[] FromUtf16(ReadOnlySpan<byte> utf16)
    {
        byte[] name = ToUtf8(utf16);
        name.AsSpan().Replace((byte)'/', (byte)'_');
        name.AsSpan().Replace((byte)0, (byte)'_');
        if (name.AsSpan().SequenceEqual("."u8) || name.AsSpan().SequenceEqual(".."u8))
        {
            name.AsSpan().Fill((byte)'_');
        }

        return name.Length <= MaxLength
            ? name
            : Shorten(name, "#" + Crc32.HashToUInt32(utf16).ToString("X8", CultureInfo.InvariantCulture));
    }

    /// <summary>Cuts a name that is too long: it keeps its beginning, and stays distinct from its likes by a checksum
    /// of the whole.</summary>
    /// <param name="name">The name in UTF-8.</param>
    /// <param name="end">What it is to end with, in ASCII.</param>
    public static byte[] Shorten(byte[] name, string end)
    {
        int keep = MaxLength - end.Length;
        while ((name[keep] & 0xc0) == 0x80)
        {
            keep--;
        }

        return [.. name[..keep], .. Encoding.ASCII.GetBytes(end)];
    }
}
