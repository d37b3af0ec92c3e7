namespace Imaged.Formats.Codecs;

/// <summary>XPRESS with Huffman codes ([MS-XCA] section 2.2): the lengths of 512 codes, then literals and copies of
/// earlier output. Of one block, which has up to 65536 bytes of output; not for several threads.</summary>
internal sealed class XpressDecoder
{
    /// <summary>Longest block in bytes.</summary>
    public const int MaxBlockLength = 65536;

    private const int Symbols = 512;
    private const int TableLength = Symbols / 2;
    private const int Literals = 256;
    private const int MinMatch = 3;
    private const int LongLength = 15;

    [ThreadStatic]
    private static XpressDecoder? t_decoder;

    private readonly PrefixCode _code = new(Symbols);

    /// <summary>Decodes a block that fills the destination.</summary>
    /// <returns>False when it is damaged or cut off.</returns>
    public static bool TryDecode(ReadOnlySpan<byte> source, Span<byte> destination) =>
        (t_decoder ??= new XpressDecoder()).TryDecodeBlock(source, destination);

    private bool TryDecodeBlock(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        if (source.Length < TableLength || !TryReadCode(source[..TableLength]))
        {
            return false;
        }

        WordBits bits = new(source[TableLength..]);
        for (int to = 0; to < destination.Length;)
        {
            int symbol = _code.Read(ref bits);
            if (symbol < 0)
            {
                return false;
            }

            if (symbol < Literals)
            {
                destination[to++] = (byte)symbol;
                continue;
            }

            // The lengths that do not fit stand between the words, before the bits of the distance.
            int length = ReadLength(ref bits, symbol & 15) + MinMatch;
            int distanceBits = (symbol >> 4) & 15;
            int distance = (1 << distanceBits) | bits.Read(distanceBits);
            if (distance > to || length > destination.Length - to)
            {
                return false;
            }

            LzMatch.Copy(destination, to, distance, length);
            to += length;
        }

        return !bits.IsOverrun;
    }

    private static int ReadLength(ref WordBits bits, int nibble)
    {
        if (nibble < LongLength)
        {
            return nibble;
        }

        int more = bits.ReadByte();
        return more < 255 ? LongLength + more : bits.ReadByte() | (bits.ReadByte() << 8);
    }

    private bool TryReadCode(ReadOnlySpan<byte> table)
    {
        Span<byte> lengths = stackalloc byte[Symbols];
        for (int i = 0; i < table.Length; i++)
        {
            lengths[2 * i] = (byte)(table[i] & 15);
            lengths[(2 * i) + 1] = (byte)(table[i] >> 4);
        }

        return _code.TryMake(lengths);
    }
}
