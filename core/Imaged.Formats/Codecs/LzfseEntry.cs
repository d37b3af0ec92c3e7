namespace Imaged.Formats.Codecs;

/// <summary>One state of a tANS decoder of LZFSE.</summary>
/// <param name="Base">The symbol, or the lowest value that it stands for.</param>
/// <param name="Delta">What the bits pulled are added to for the next state.</param>
/// <param name="Bits">Bits to pull for the next state.</param>
/// <param name="ExtraBits">Bits to pull for the value, below those for the state.</param>
internal readonly record struct LzfseEntry(int Base, short Delta, byte Bits, byte ExtraBits)
{
    // Pulling so many bits exhausts any stream: a state that no symbol owns ends the decoding.
    private static readonly LzfseEntry Undefined = new(0, 0, byte.MaxValue, 0);

    /// <summary>Makes the table of a decoder: each symbol owns as many states as its frequency says, in the order of
    /// the symbols.</summary>
    /// <param name="frequencies">One for each symbol.</param>
    /// <param name="extraBits">Of each symbol; empty when symbols are the values.</param>
    /// <param name="bases">Of each symbol; empty when symbols are the values.</param>
    /// <param name="table">To be filled; its length, a power of two, is the number of states.</param>
    /// <returns>Whether the frequencies have room in the table.</returns>
    public static bool TryBuild(
        ReadOnlySpan<ushort> frequencies, ReadOnlySpan<byte> extraBits, ReadOnlySpan<int> bases, Span<LzfseEntry> table)
    {
        int states = table.Length;
        int next = 0;
        for (int symbol = 0; symbol < frequencies.Length; symbol++)
        {
            int frequency = frequencies[symbol];
            if (frequency == 0)
            {
                continue;
            }

            if (frequency > states - next)
            {
                return false;
            }

            int bits = int.Log2(states) - int.Log2(frequency);
            int wide = ((2 * states) >> bits) - frequency;
            byte extra = extraBits.IsEmpty ? (byte)0 : extraBits[symbol];
            int lowest = bases.IsEmpty ? symbol : bases[symbol];
            for (int i = 0; i < frequency; i++)
            {
                table[next++] = i < wide
                    ? new(lowest, (short)(((frequency + i) << bits) - states), (byte)bits, extra)
                    : new(lowest, (short)((i - wide) << (bits - 1)), (byte)(bits - 1), extra);
            }
        }

        table[next..].Fill(Undefined);
        return true;
    }
}
