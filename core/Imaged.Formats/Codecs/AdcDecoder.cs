namespace Imaged.Formats.Codecs;

/// <summary>Apple Data Compression, as in chunks of old disk images: runs of literals, and copies of earlier output
/// with lengths up to 67 bytes and distances up to 64 KiB. There is neither a header nor an end mark.</summary>
internal static class AdcDecoder
{
    /// <summary>Decodes until the destination is full or the source ends.</summary>
    /// <param name="source">The tokens; what stands behind a full destination is not looked at.</param>
    /// <param name="destination">Where to.</param>
    /// <returns>Number of bytes written; -1 when a token is cut off, refers to what is not there, or gives more than
    /// there is room for.</returns>
    public static int Decode(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        int from = 0;
        int to = 0;
        while (from < source.Length && to < destination.Length)
        {
            int token = source[from];
            int length = (token & 0x80) != 0 ? 2 : (token & 0x40) != 0 ? 3 : 2;
            if (length > source.Length - from)
            {
                return -1;
            }

            if ((token & 0x80) != 0)
            {
                int literals = (token & 0x7f) + 1;
                if (literals > source.Length - from - 1 || literals > destination.Length - to)
                {
                    return -1;
                }

                source.Slice(from + 1, literals).CopyTo(destination[to..]);
                from += 1 + literals;
                to += literals;
                continue;
            }

            bool isLong = (token & 0x40) != 0;
            int count = isLong ? (token & 0x3f) + 4 : ((token >> 2) & 0x0f) + 3;
            int distance = 1 + (isLong
                ? (source[from + 1] << 8) | source[from + 2]
                : ((token & 3) << 8) | source[from + 1]);
            if (distance > to || count > destination.Length - to)
            {
                return -1;
            }

            LzMatch.Copy(destination, to, distance, count);
            from += length;
            to += count;
        }

        return to;
    }
}
