namespace Imaged.Formats.Codecs;

/// <summary>A prefix code of deflate (RFC 1951, section 3.2.2) as a table: the next bits of the input, the first one
/// lowest, are the index of an entry; codes longer than the index have a second table each.</summary>
/// <remarks>An entry has in bits 0 to 3 the length of the code, in 4 to 7 how many extra bits follow it, in 8 and 9
/// what it stands for, from 16 on its value.</remarks>
internal sealed class InflateTable
{
    /// <summary>The value is a byte.</summary>
    public const uint Literal = 0;

    /// <summary>The value, with the extra bits added, is a length or a distance.</summary>
    public const uint Base = 1 << 8;

    /// <summary>The value 0 ends the block; others stand for nothing.</summary>
    public const uint Special = 2 << 8;

    /// <summary>The value is where the second table begins.</summary>
    public const uint Second = 3 << 8;

    /// <summary>Bits that tell what an entry stands for.</summary>
    public const uint KindMask = 3 << 8;

    /// <summary>Longest code in bits.</summary>
    public const int MaxBits = 15;

    private const uint Invalid = Special | (1 << 16);

    private static readonly uint[] Literals = MakeLiterals();
    private static readonly uint[] Distances = MakeDistances();

    private readonly uint[] _symbols;

    private InflateTable(uint[] symbols, int rootBits)
    {
        _symbols = symbols;
        RootBits = rootBits;
        Entries = new uint[(1 << rootBits) + (symbols.Length << (MaxBits - rootBits))];
    }

    /// <summary>Bits of the index of the first table.</summary>
    public int RootBits { get; }

    /// <summary>All tables.</summary>
    public uint[] Entries { get; }

    /// <summary>A table for literals and lengths.</summary>
    public static InflateTable ForLiterals() => new(Literals, 11);

    /// <summary>A table for distances.</summary>
    public static InflateTable ForDistances() => new(Distances, 9);

    /// <summary>Builds the table.</summary>
    /// <param name="lengths">Bits of each symbol's code; 0 for none. At most as many as the table has symbols.</param>
    /// <returns>False when there are more codes than fit.</returns>
    public bool TryBuild(ReadOnlySpan<byte> lengths)
    {
        Span<int> next = stackalloc int[MaxBits + 2];
        if (!TryCount(lengths, next))
        {
            return false;
        }

        int root = 1 << RootBits;
        Entries.AsSpan(0, root).Fill(Invalid);
        int used = root;
        for (int symbol = 0; symbol < lengths.Length; symbol++)
        {
            int length = lengths[symbol];
            if (length == 0)
            {
                continue;
            }

            int code = Reverse(next[length]++, length);
            uint entry = _symbols[symbol] | (uint)length;
            if (length <= RootBits)
            {
                Repeat(0, code, length, root, entry);
                continue;
            }

            ref uint first = ref Entries[code & (root - 1)];
            if ((first & KindMask) != Second)
            {
                first = Second | ((uint)used << 16);
                Entries.AsSpan(used, 1 << (MaxBits - RootBits)).Fill(Invalid);
                used += 1 << (MaxBits - RootBits);
            }

            Repeat((int)(first >> 16), code >> RootBits, length - RootBits, 1 << (MaxBits - RootBits), entry);
        }

        return true;
    }

    private static bool TryCount(ReadOnlySpan<byte> lengths, Span<int> next)
    {
        Span<int> counts = stackalloc int[MaxBits + 1];
        counts.Clear();
        foreach (byte length in lengths)
        {
            counts[length]++;
        }

        counts[0] = 0;
        int code = 0;
        for (int length = 1; length <= MaxBits; length++)
        {
            code = (code + counts[length - 1]) << 1;
            next[length] = code;
            if (code + counts[length] > 1 << length)
            {
                return false;
            }
        }

        return true;
    }

    private static int Reverse(int code, int length)
    {
        int reversed = 0;
        for (int i = 0; i < length; i++)
        {
            reversed = (reversed << 1) | ((code >> i) & 1);
        }

        return reversed;
    }

    private void Repeat(int table, int code, int length, int size, uint entry)
    {
        for (int i = code; i < size; i += 1 << length)
        {
            Entries[table + i] = entry;
        }
    }

    // Section 3.2.5: codes 257 to 264 are lengths 3 to 10; then four codes each for every count of extra bits; 285 is
    // 258.
    private static uint[] MakeLiterals()
    {
        uint[] symbols = new uint[288];
        for (uint i = 0; i < 256; i++)
        {
            symbols[i] = Literal | (i << 16);
        }

        symbols[256] = Special;
        uint length = 3;
        for (int i = 257; i < 285; i++)
        {
            int extra = Math.Max(0, ((i - 257) / 4) - 1);
            symbols[i] = Base | (length << 16) | ((uint)extra << 4);
            length += 1u << extra;
        }

        symbols[285] = Base | (258 << 16);
        symbols[286] = Invalid;
        symbols[287] = Invalid;
        return symbols;
    }

    private static uint[] MakeDistances()
    {
        uint[] symbols = new uint[32];
        uint distance = 1;
        for (int i = 0; i < 30; i++)
        {
            int extra = Math.Max(0, (i / 2) - 1);
            symbols[i] = Base | (distance << 16) | ((uint)extra << 4);
            distance += 1u << extra;
        }

        symbols[30] = Invalid;
        symbols[31] = Invalid;
        return symbols;
    }
}
