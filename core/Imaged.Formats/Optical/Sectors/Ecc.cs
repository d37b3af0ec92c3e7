namespace Imaged.Formats.Optical.Sectors;

/// <summary>The error correction code of data sectors (ECMA-130 annex A): a product code of two Reed-Solomon codes over
/// GF(2^8) with the polynomial 0x11D. P has 86 columns of 24 bytes, Q has 52 diagonals of 43; each word is followed by
/// two bytes of parity and corrects one byte.</summary>
internal static class Ecc
{
    /// <summary>Where the codes' area begins in a sector: the header.</summary>
    public const int Area = 12;

    private const int POffset = 2076;
    private const int QOffset = 2248;
    private const int MaxPasses = 8;

    private static readonly Code P = new(86, 24, 2, 86, POffset - Area);
    private static readonly Code Q = new(52, 43, 86, 88, QOffset - Area);

    // Logarithms to the base 2, twice the powers so that sums need no reduction, and the doubles.
    private static readonly byte[] Power = new byte[512];
    private static readonly byte[] Logarithm = new byte[256];
    private static readonly byte[] Double = new byte[256];
    private static readonly byte[] DivideBy3 = new byte[256];

    static Ecc()
    {
        int value = 1;
        for (int i = 0; i < 255; i++)
        {
            Power[i] = Power[i + 255] = (byte)value;
            Logarithm[value] = (byte)i;
            value <<= 1;
            if (value > 255)
            {
                value ^= 0x11D;
            }
        }

        for (int i = 1; i < 256; i++)
        {
            Double[i] = Power[Logarithm[i] + 1];
            DivideBy3[i] = Power[Logarithm[i] + 255 - Logarithm[3]];
        }
    }

    /// <summary>Writes P and Q of a sector.</summary>
    /// <param name="sector">2352 bytes; of Form 1 with the header zeroed.</param>
    public static void Generate(Span<byte> sector)
    {
        Span<byte> area = sector[Area..];
        Generate(P, area);
        Generate(Q, area);
    }

    /// <summary>Corrects as many bytes as the code can.</summary>
    /// <param name="sector">2352 bytes; of Form 1 with the header zeroed.</param>
    /// <returns>Whether all words are right now.</returns>
    public static bool Correct(Span<byte> sector)
    {
        Span<byte> area = sector[Area..];
        for (int pass = 0; pass < MaxPasses; pass++)
        {
            int wrong = Correct(P, area) + Correct(Q, area);
            if (wrong == 0)
            {
                return true;
            }
        }

        return false;
    }

    private static void Generate(Code code, Span<byte> area)
    {
        for (int word = 0; word < code.Words; word++)
        {
            (byte sum, byte weighted) = Sums(code, area, word);
            byte first = DivideBy3[(byte)(Double[weighted] ^ sum)];
            area[code.Parity + word] = first;
            area[code.Parity + code.Words + word] = (byte)(first ^ sum);
        }
    }

    // The plain sum of a word, and the one with powers of two as weights, the last byte's being 2.
    private static (byte Sum, byte Weighted) Sums(Code code, ReadOnlySpan<byte> area, int word)
    {
        int at = ((word >> 1) * code.Multiplier) + (word & 1);
        int size = code.Words * code.Length;
        byte sum = 0;
        byte weighted = 0;
        for (int i = 0; i < code.Length; i++)
        {
            byte value = area[at];
            sum ^= value;
            weighted = Double[(byte)(weighted ^ value)];
            at += code.Step;
            if (at >= size)
            {
                at -= size;
            }
        }

        return (sum, weighted);
    }

    // Number of words that were wrong, corrected or not.
    private static int Correct(Code code, Span<byte> area)
    {
        int wrong = 0;
        for (int word = 0; word < code.Words; word++)
        {
            (byte sum, byte weighted) = Sums(code, area, word);
            byte first = area[code.Parity + word];
            byte second = area[code.Parity + code.Words + word];

            // With the parity bytes in, both sums of a right word are zero; the weight of the last parity byte is 1.
            byte s0 = (byte)(sum ^ first ^ second);
            byte s1 = (byte)(Double[(byte)(weighted ^ first)] ^ second);
            if ((s0 | s1) == 0)
            {
                continue;
            }

            wrong++;
            if (s0 == 0 || s1 == 0)
            {
                continue;
            }

            // Distance of the wrong byte from the last parity byte.
            int distance = (Logarithm[s1] + 255 - Logarithm[s0]) % 255;
            int index = code.Length + 1 - distance;
            if (index < 0 || index > code.Length + 1)
            {
                continue;
            }

            area[Position(code, word, index)] ^= s0;
        }

        return wrong;
    }

    private static int Position(Code code, int word, int index) =>
        index >= code.Length
            ? code.Parity + ((index - code.Length) * code.Words) + word
            : (((word >> 1) * code.Multiplier) + (word & 1) + (index * code.Step)) % (code.Words * code.Length);

    private sealed record Code(int Words, int Length, int Multiplier, int Step, int Parity);
}
