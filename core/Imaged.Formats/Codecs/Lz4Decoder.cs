using System.Buffers.Binary;

namespace Imaged.Formats.Codecs;

/// <summary>LZ4 blocks without a frame (LZ4 Block Format Description): sequences of a token (two lengths), literals,
/// and a copy of earlier output.</summary>
internal static class Lz4Decoder
{
    private const int MinMatch = 4;
    private const int LongLength = 15;

    /// <summary>Decodes one block.</summary>
    /// <returns>Number of bytes written; -1 when the block is damaged or longer than the destination.</returns>
    public static int Decode(ReadOnlySpan<byte> source, Span<byte> destination) => Decode(source, destination, 0);

    /// <summary>Decodes one block behind earlier ones that it may copy from.</summary>
    /// <param name="source">The block.</param>
    /// <param name="destination">What the earlier blocks gave, and room for this one.</param>
    /// <param name="to">Bytes of <paramref name="destination"/> that are filled.</param>
    /// <returns>Number of bytes that are filled then; -1 when the block is damaged or longer than the room.</returns>
    public static int Decode(ReadOnlySpan<byte> source, Span<byte> destination, int to) =>
        Decode(source, destination, to, isPrefix: false);

    /// <summary>Decodes one block that fills the destination; what follows in the source is left alone.</summary>
    /// <returns>Number of bytes written; -1 when the block is damaged or longer than the destination.</returns>
    public static int DecodePrefix(ReadOnlySpan<byte> source, Span<byte> destination) =>
        Decode(source, destination, 0, isPrefix: true);

    private static int Decode(ReadOnlySpan<byte> source, Span<byte> destination, int to, bool isPrefix)
    {
        int from = 0;
        while (from < source.Length)
        {
            int token = source[from++];
            if (!TryReadLength(source, token >> 4, ref from, out int literals)
                || literals > source.Length - from || literals > destination.Length - to)
            {
                return -1;
            }

            source.Slice(from, literals).CopyTo(destination[to..]);
            from += literals;
            to += literals;
            if (from == source.Length || (isPrefix && to == destination.Length))
            {
                // The last sequence has literals only.
                return to;
            }

            if (source.Length - from < 2)
            {
                return -1;
            }

            int distance = BinaryPrimitives.ReadUInt16LittleEndian(source[from..]);
            from += 2;
            if (!TryReadLength(source, token & 15, ref from, out int match)
                || distance == 0 || distance > to || match + MinMatch > destination.Length - to)
            {
                return -1;
            }

            LzMatch.Copy(destination, to, distance, match + MinMatch);
            to += match + MinMatch;
        }

        return -1;
    }

    private static bool TryReadLength(ReadOnlySpan<byte> source, int nibble, ref int from, out int length)
    {
        length = nibble;
        if (nibble < LongLength)
        {
            return true;
        }

        while (from < source.Length)
        {
            int next = source[from++];
            length += next;
            if (next < 255)
            {
                return true;
            }
        }

        return false;
    }
}
