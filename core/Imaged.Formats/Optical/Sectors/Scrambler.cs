namespace Imaged.Formats.Optical.Sectors;

/// <summary>Data sectors stand scrambled on a disc (ECMA-130 annex B): bytes 12 to 2351 are combined with a sequence of
/// a shift register of 15 bits. Doing it twice undoes it.</summary>
internal static class Scrambler
{
    private const int First = 12;

    private static readonly byte[] Sequence = MakeSequence();

    /// <summary>Scrambles or descrambles a sector of 2352 bytes.</summary>
    public static void Apply(Span<byte> sector)
    {
        ReadOnlySpan<byte> sequence = Sequence;
        for (int i = 0; i < sequence.Length; i++)
        {
            sector[First + i] ^= sequence[i];
        }
    }

    /// <summary>Scrambles or descrambles the four bytes of a header.</summary>
    public static void ApplyToHeader(Span<byte> header)
    {
        for (int i = 0; i < header.Length; i++)
        {
            header[i] ^= Sequence[i];
        }
    }

    private static byte[] MakeSequence()
    {
        byte[] sequence = new byte[2352 - First];
        int register = 1;
        for (int i = 0; i < sequence.Length * 8; i++)
        {
            sequence[i / 8] |= (byte)((register & 1) << (i % 8));
            int bit = (register ^ (register >> 1)) & 1;
            register = (register >> 1) | (bit << 14);
        }

        return sequence;
    }
}
