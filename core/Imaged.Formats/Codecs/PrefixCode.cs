namespace Imaged.Formats.Codecs;

/// <summary>A canonical prefix code (Huffman) of XPRESS and LZX: of codes of one length the lower one has the lower
/// symbol. Made anew from lengths as often as wanted; not for several threads.</summary>
internal sealed class PrefixCode
{
    /// <summary>Longest code in bits.</summary>
    public const int MaxBits = 16;

    // Codes up to this length are found by one look-up.
    private const int TableBits = 10;
    private const int LengthBits = 5;

    // Symbol and length of the code that the next bits begin with; 0 where it is longer, or none.
    private readonly ushort[] _table = new ushort[1 << TableBits];
    private readonly int[] _first = new int[MaxBits + 1];
    private readonly int[] _counts = new int[MaxBits + 1];
    private readonly int[] _begins = new int[MaxBits + 1];
    private readonly ushort[] _symbols;

    /// <summary>A code without symbols yet.</summary>
    /// <param name="symbols">The most symbols it can have, up to 2048.</param>
    public PrefixCode(int symbols) => _symbols = new ushort[symbols];

    /// <summary>Takes over the lengths of the codes of all symbols in bits, 0 for a symbol that has none.</summary>
    /// <returns>False when there are more codes than such lengths allow.</returns>
    public bool TryMake(ReadOnlySpan<byte> lengths)
    {
        Array.Clear(_counts);
        foreach (byte length in lengths)
        {
            _counts[length]++;
        }

        _counts[0] = 0;
        int code = 0;
        int begin = 0;
        for (int length = 1; length <= MaxBits; length++)
        {
            code <<= 1;
            _first[length] = code;
            _begins[length] = begin;
            code += _counts[length];
            begin += _counts[length];
            if (code > 1 << length)
            {
                return false;
            }
        }

        Span<int> next = stackalloc int[MaxBits + 1];
        _begins.CopyTo(next);
        for (int symbol = 0; symbol < lengths.Length; symbol++)
        {
            if (lengths[symbol] != 0)
            {
                _symbols[next[lengths[symbol]]++] = (ushort)symbol;
            }
        }

        FillTable();
        return true;
    }

    /// <summary>Takes a code.</summary>
    /// <returns>Its symbol; -1 when the bits begin with none.</returns>
    public int Read(ref WordBits bits)
    {
        int entry = _table[bits.Peek(TableBits)];
        if (entry != 0)
        {
            bits.Drop(entry & ((1 << LengthBits) - 1));
            return entry >> LengthBits;
        }

        int window = bits.Peek(MaxBits);
        for (int length = TableBits + 1; length <= MaxBits; length++)
        {
            int index = (window >> (MaxBits - length)) - _first[length];
            if (index < _counts[length])
            {
                bits.Drop(length);
                return index < 0 ? -1 : _symbols[_begins[length] + index];
            }
        }

        return -1;
    }

    private void FillTable()
    {
        int at = 0;
        for (int length = 1; length <= TableBits; length++)
        {
            int width = 1 << (TableBits - length);
            for (int i = 0; i < _counts[length]; i++)
            {
                int entry = (_symbols[_begins[length] + i] << LengthBits) | length;
                _table.AsSpan(at, width).Fill((ushort)entry);
                at += width;
            }
        }

        _table.AsSpan(at).Clear();
    }
}
