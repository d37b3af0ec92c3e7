namespace Imaged.Formats.Codecs;

/// <summary>The copy of earlier output that all codecs of the Lempel-Ziv 1977 kind make.</summary>
internal static class LzMatch
{
    /// <summary>Repeats what stands <paramref name="distance"/> bytes before. The copy may overlap what it makes: then
    /// the last <paramref name="distance"/> bytes repeat.</summary>
    /// <param name="destination">Output, filled up to <paramref name="to"/>.</param>
    /// <param name="to">Where the copy goes; at least <paramref name="distance"/>.</param>
    /// <param name="distance">Bytes, at least 1.</param>
    /// <param name="count">Bytes that are to be made; there is room for them.</param>
    public static void Copy(Span<byte> destination, int to, int distance, int count)
    {
        while (count > 0)
        {
            int part = Math.Min(count, distance);
            destination.Slice(to - distance, part).CopyTo(destination[to..]);
            to += part;
            count -= part;

            // What was repeated can be repeated as a whole.
            distance += part == distance ? part : 0;
        }
    }
}
