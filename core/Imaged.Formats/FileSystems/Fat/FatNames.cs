namespace Imaged.Formats.Fat;

/// <summary>Short names: eleven bytes of code page 437.</summary>
internal static class FatNames
{
    /// <summary>Longest short name: 8 + dot + 3.</summary>
    public const int MaxShortLength = 12;

    private const int BaseLength = 8;
    private const int Length = 11;
    private const byte LowerBase = 0x08;
    private const byte LowerExtension = 0x10;

    // The upper half of code page 437, which is what DOS and mkfs.fat use and the kernel assumes.
    private const string Upper =
        "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐"
        + "└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u00a0";

    /// <summary>Writes the short name of an entry as it is shown.</summary>
    /// <returns>Its length; 0 when it is no name.</returns>
    public static int ReadShort(ReadOnlySpan<byte> entry, Span<char> name)
    {
        byte flags = entry[12];
        int count = ReadPart(entry[..BaseLength], (flags & LowerBase) != 0, name);
        if (count > 0 && entry[0] == 0x05)
        {
            // E5 as the first byte would mean a deleted entry.
            name[0] = Decode(0xe5, (flags & LowerBase) != 0);
        }

        int extension = ReadPart(entry[BaseLength..Length], (flags & LowerExtension) != 0, name[(count + 1)..]);
        if (count == 0 || extension == 0)
        {
            return count;
        }

        name[count] = '.';
        return count + 1 + extension;
    }

    /// <summary>Text of a label: code page 437 without the spaces at its end; null when nothing is left.</summary>
    public static string? ReadLabel(ReadOnlySpan<byte> raw)
    {
        raw = raw.TrimEnd((byte)' ');
        if (raw.IsEmpty)
        {
            return null;
        }

        Span<char> text = stackalloc char[Length];
        for (int i = 0; i < raw.Length; i++)
        {
            text[i] = i == 0 && raw[0] == 0x05 ? Decode(0xe5, false) : Decode(raw[i], false);
        }

        return text[..raw.Length].ToString();
    }

    /// <summary>The checksum of a short name that ties long-name entries to it.</summary>
    public static byte Checksum(ReadOnlySpan<byte> entry)
    {
        byte sum = 0;
        foreach (byte value in entry[..Length])
        {
            sum = unchecked((byte)((byte)((sum << 7) | (sum >> 1)) + value));
        }

        return sum;
    }

    private static int ReadPart(ReadOnlySpan<byte> raw, bool lower, Span<char> name)
    {
        raw = raw.TrimEnd((byte)' ');
        for (int i = 0; i < raw.Length; i++)
        {
            // Neither is allowed in a short name, and neither can be part of a name here.
            name[i] = raw[i] is 0 or (byte)'/' ? '_' : Decode(raw[i], lower);
        }

        return raw.Length;
    }

    private static char Decode(byte value, bool lower)
    {
        char c = value < 0x80 ? (char)value : Upper[value - 0x80];
        return lower ? char.ToLowerInvariant(c) : c;
    }
}
