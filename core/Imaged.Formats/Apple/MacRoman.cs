namespace Imaged.Formats.Apple;

/// <summary>The Mac OS Roman character set (Unicode's mapping table ROMAN.TXT).</summary>
internal static class MacRoman
{
    private const string Upper =
        "ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø"
        + "¿¡¬√ƒ≈∆«»…\u00a0ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄€‹›ﬁﬂ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ\uf8ffÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ";

    /// <summary>The text that the bytes are.</summary>
    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        Span<char> text = stackalloc char[256];
        int count = Math.Min(bytes.Length, text.Length);
        for (int i = 0; i < count; i++)
        {
            text[i] = bytes[i] < 0x80 ? (char)bytes[i] : Upper[bytes[i] - 0x80];
        }

        return text[..count].ToString();
    }
}
