namespace Imaged.Formats.Codecs;

/// <summary>LZHUF (Haruyasu Yoshizaki, 1988): matches in a window of 4 KiB, symbols by a Huffman tree that adapts after
/// each of them. Not thread-safe; one per stream.</summary>
internal sealed class LzhufDecoder
{
    private const int WindowLength = 4096;
    private const int Symbols = 314;
    private const int MinMatch = 3;
    private const int Nodes = (2 * Symbols) - 1;
    private const int Root = Nodes - 1;
    private const int MaxWeight = 0x8000;
    private const int LowBits = 6;

    // By weight, the lightest first; children are pairs. A child at Nodes or above is a symbol.
    private readonly int[] _weights = new int[Nodes + 1];
    private readonly int[] _children = new int[Nodes];
    private readonly int[] _parents = new int[Nodes + Symbols];

    private readonly byte[] _source;
    private long _bit;

    private LzhufDecoder(byte[] source)
    {
        _source = source;
        for (int i = 0; i < Symbols; i++)
        {
            _weights[i] = 1;
            _children[i] = Nodes + i;
        }

        for (int child = 0, node = Symbols; node < Nodes; child += 2, node++)
        {
            _weights[node] = _weights[child] + _weights[child + 1];
            _children[node] = child;
        }

        _weights[Nodes] = int.MaxValue;
        Connect();
    }

    private bool IsAtEnd => _bit >= 8L * _source.Length;

    /// <summary>Decodes until the source ends: the stream does not tell its length, so that what the last bits give
    /// may be too much.</summary>
    /// <param name="source">The stream.</param>
    /// <param name="maxLength">Most bytes that are made; decoding ends there.</param>
    public static byte[] Decode(byte[] source, int maxLength)
    {
        // Before the first byte stands a window of blanks.
        byte[] output = new byte[WindowLength + Math.Max(WindowLength, Math.Min(maxLength, 4 * source.Length))];
        output.AsSpan(0, WindowLength).Fill((byte)' ');
        int end = WindowLength;
        int limit = WindowLength + maxLength;
        LzhufDecoder decoder = new(source);
        while (!decoder.IsAtEnd && end < limit)
        {
            int symbol = decoder.ReadSymbol();
            int count = symbol < 256 ? 1 : Math.Min(symbol - 256 + MinMatch, limit - end);
            if (count > output.Length - end)
            {
                Array.Resize(ref output, Math.Min(limit, 2 * output.Length));
            }

            if (symbol < 256)
            {
                output[end] = (byte)symbol;
            }
            else
            {
                LzMatch.Copy(output, end, decoder.ReadDistance(), count);
            }

            end += count;
        }

        return output[WindowLength..end];
    }

    private int ReadSymbol()
    {
        int node = _children[Root];
        while (node < Nodes)
        {
            node = _children[node + ReadBits(1)];
        }

        Count(node);
        return node - Nodes;
    }

    // The upper six bits have a fixed code of 3 to 8 bits, the lower six follow.
    private int ReadDistance()
    {
        int code = PeekByte();
        (int first, int value, int length) = code switch
        {
            < 0x20 => (0, 0, 3),
            < 0x50 => (0x20, 1, 4),
            < 0x90 => (0x50, 4, 5),
            < 0xc0 => (0x90, 12, 6),
            < 0xf0 => (0xc0, 24, 7),
            _ => (0xf0, 48, 8),
        };
        _bit += length;
        int upper = value + ((code - first) >> (8 - length));
        return ((upper << LowBits) | ReadBits(LowBits)) + 1;
    }

    private int PeekByte()
    {
        long bit = _bit;
        int code = ReadBits(8);
        _bit = bit;
        return code;
    }

    // Behind the end there are zeros.
    private int ReadBits(int count)
    {
        int value = 0;
        for (; count > 0; count--, _bit++)
        {
            int next = IsAtEnd ? 0 : (_source[_bit >> 3] >> (7 - (int)(_bit & 7))) & 1;
            value = (value << 1) | next;
        }

        return value;
    }

    // One more of a symbol: all nodes above become heavier, and change places with the last one that now is lighter.
    private void Count(int symbol)
    {
        if (_weights[Root] == MaxWeight)
        {
            Rebuild();
        }

        for (int node = _parents[symbol]; ; node = _parents[node])
        {
            int weight = ++_weights[node];
            int last = node;
            while (weight > _weights[last + 1])
            {
                last++;
            }

            if (last != node)
            {
                (_weights[node], _weights[last]) = (_weights[last], weight);
                (_children[node], _children[last]) = (_children[last], _children[node]);
                SetParent(node);
                SetParent(last);
                node = last;
            }

            if (node == Root)
            {
                return;
            }
        }
    }

    // Halves the weights of all symbols and makes the tree anew.
    private void Rebuild()
    {
        int leaves = 0;
        for (int i = 0; i < Nodes; i++)
        {
            if (_children[i] >= Nodes)
            {
                _weights[leaves] = (_weights[i] + 1) / 2;
                _children[leaves++] = _children[i];
            }
        }

        for (int child = 0, node = Symbols; node < Nodes; child += 2, node++)
        {
            int weight = _weights[child] + _weights[child + 1];
            int at = node;
            while (weight < _weights[at - 1])
            {
                _weights[at] = _weights[at - 1];
                _children[at] = _children[at - 1];
                at--;
            }

            _weights[at] = weight;
            _children[at] = child;
        }

        Connect();
    }

    private void Connect()
    {
        for (int i = 0; i < Nodes; i++)
        {
            SetParent(i);
        }
    }

    private void SetParent(int node)
    {
        int child = _children[node];
        _parents[child] = node;
        if (child < Nodes)
        {
            _parents[child + 1] = node;
        }
    }
}
