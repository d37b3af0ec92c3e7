using System.Buffers.Binary;
using System.Text;

namespace Imaged.Formats.Iso9660;

/// <summary>Makes names of stored identifiers. All write to a buffer of <see cref="MaxLength"/> bytes and return the
/// length, at least 1; what they make is never <c>.</c> or <c>..</c> and holds no slash and no NUL.</summary>
internal static class IsoNames
{
    /// <summary>Longest name in bytes.</summary>
    public const int MaxLength = 255;

    /// <summary>A name of the primary tree, as Linux shows it by default: lower case, without <c>;1</c> and without the
    /// dot before that; other semicolons become dots.</summary>
    public static int Plain(ReadOnlySpan<byte> identifier, Span<byte> name)
    {
        if (identifier.EndsWith(".;1"u8))
        {
            identifier = identifier[..^3];
        }
        else if (identifier.EndsWith(";1"u8))
        {
            identifier = identifier[..^2];
        }

        int length = 0;
        foreach (byte c in identifier)
        {
            if (c == 0)
            {
                break;
            }

            name[length++] = c switch
            {
                (byte)';' or (byte)'/' => (byte)'.',
                >= (byte)'A' and <= (byte)'Z' => (byte)(c | 0x20),
                _ => c,
            };
        }

        return Finish(name, length);
    }

    /// <summary>A name of the enhanced tree of ISO 9660:1999 or of Rock Ridge: bytes as they are.</summary>
    public static int Verbatim(ReadOnlySpan<byte> identifier, Span<byte> name)
    {
        int length = Math.Min(identifier.Length, MaxLength);
        for (int i = 0; i < length; i++)
        {
            name[i] = identifier[i] is 0 or (byte)'/' ? (byte)'_' : identifier[i];
        }

        return Finish(name, length);
    }

    /// <summary>A Joliet name: big-endian UTF-16 to UTF-8, without <c>;1</c> and dots at the end. One that is longer
    /// than a name may be is cut and made unique by the offset of its record.</summary>
    public static int Joliet(ReadOnlySpan<byte> identifier, long recordOffset, Span<byte> name)
    {
        Span<byte> text = stackalloc byte[(MaxLength / 2 * 3) + 3];
        int length = 0;
        for (int i = 0; i + 1 < identifier.Length; i += 2)
        {
            char c = (char)BinaryPrimitives.ReadUInt16BigEndian(identifier[i..]);
            if (c == 0)
            {
                break;
            }

            Rune rune = Rune.ReplacementChar;
            if (!char.IsSurrogate(c))
            {
                rune = new Rune(c == '/' ? '_' : c);
            }
            else if (i + 3 < identifier.Length && Rune.TryCreate(
                c, (char)BinaryPrimitives.ReadUInt16BigEndian(identifier[(i + 2)..]), out Rune pair))
            {
                rune = pair;
                i += 2;
            }

            length += rune.EncodeToUtf8(text[length..]);
        }

        if (length > 2 && text[..length].EndsWith(";1"u8))
        {
            length -= 2;
        }

        while (length > 1 && text[length - 1] == '.')
        {
            length--;
        }

        return length <= MaxLength
            ? Copy(text[..length], name)
            : Shorten(text[..length], recordOffset, name);
    }

    private static int Copy(ReadOnlySpan<byte> text, Span<byte> name)
    {
        text.CopyTo(name);
        return Finish(name, text.Length);
    }

    private static int Shorten(ReadOnlySpan<byte> text, long recordOffset, Span<byte> name)
    {
        const int SuffixLength = 17;
        int length = MaxLength - SuffixLength;
        while ((text[length] & 0xC0) == 0x80)
        {
            length--;
        }

        text[..length].CopyTo(name);
        name[length] = (byte)'~';
        _ = recordOffset.TryFormat(name[(length + 1)..], out int digits, "x16", null);
        return length + 1 + digits;
    }

    private static int Finish(Span<byte> name, int length)
    {
        if (length == 0)
        {
            name[0] = (byte)'_';
            return 1;
        }

        if (name[0] == '.' && (length == 1 || (length == 2 && name[1] == '.')))
        {
            name[..length].Fill((byte)'_');
        }

        return length;
    }
}
