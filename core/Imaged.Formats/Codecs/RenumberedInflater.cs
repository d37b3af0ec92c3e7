namespace Imaged.Formats.Codecs;

/// <summary>Deflate streams (RFC 1951) whose block types have other numbers, as PowerISO and gBurner make them.
/// </summary>
internal ref struct RenumberedInflater
{
    private const int MaxBits = 15;
    private const int EndOfBlock = 256;

    private readonly ReadOnlySpan<byte> _source;
    private readonly Span<byte> _destination;
    private int _from;
    private int _to;
    private uint _bits;
    private int _bitCount;
    private bool _isDamaged;

    private RenumberedInflater(ReadOnlySpan<byte> source, Span<byte> destination)
    {
        _source = source;
        _destination = destination;
    }

    private static ReadOnlySpan<ushort> LengthBase =>
    [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227,
        258,
    ];

    private static ReadOnlySpan<byte> LengthBits =>
        [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];

    private static ReadOnlySpan<ushort> DistanceBase =>
    [
        1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097,
        6145, 8193, 12289, 16385, 24577,
    ];

    private static ReadOnlySpan<byte> DistanceBits =>
        [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];

    private static ReadOnlySpan<byte> CodeOrder =>
        [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

    /// <summary>Decodes until the destination is full or the stream ends.</summary>
    /// <param name="source">The stream; what follows is left alone.</param>
    /// <param name="destination">Where to.</param>
    /// <param name="stored">Number of the type of blocks that are stored.</param>
    /// <param name="fixedCodes">Number of the type of blocks with fixed codes.</param>
    /// <param name="dynamicCodes">Number of the type of blocks with codes of their own.</param>
    /// <returns>Number of bytes written; -1 when the stream is damaged or cut off.</returns>
    public static int Decode(
        ReadOnlySpan<byte> source, Span<byte> destination, int stored, int fixedCodes, int dynamicCodes)
    {
        RenumberedInflater inflater = new(source, destination);
        bool isLast = false;
        while (!isLast && !inflater._isDamaged && inflater._to < destination.Length)
        {
            isLast = inflater.Read(1) == 1;
            int type = inflater.Read(2);
            if (type == stored)
            {
                inflater.CopyStored();
            }
            else if (type == fixedCodes)
            {
                inflater.DecodeFixed();
            }
            else if (type == dynamicCodes)
            {
                inflater.DecodeDynamic();
            }
            else
            {
                return -1;
            }
        }

        return inflater._isDamaged ? -1 : inflater._to;
    }

    private int Read(int count)
    {
        while (_bitCount < count)
        {
            if (_from == _source.Length)
            {
                _isDamaged = true;
                return 0;
            }

            _bits |= (uint)_source[_from++] << _bitCount;
            _bitCount += 8;
        }

        int value = (int)(_bits & ((1u << count) - 1));
        _bits >>= count;
        _bitCount -= count;
        return value;
    }

    private void CopyStored()
    {
        _bits = 0;
        _bitCount = 0;
        int length = Read(16);
        int complement = Read(16);
        if (_isDamaged || (length ^ complement) != 0xffff || length > _source.Length - _from)
        {
            _isDamaged = true;
            return;
        }

        int count = Math.Min(length, _destination.Length - _to);
        _source.Slice(_from, count).CopyTo(_destination[_to..]);
        _from += length;
        _to += count;
    }

    private void DecodeFixed()
    {
        Span<byte> lengths = stackalloc byte[288 + 30];
        lengths[..144].Fill(8);
        lengths[144..256].Fill(9);
        lengths[256..280].Fill(7);
        lengths[280..288].Fill(8);
        lengths[288..].Fill(5);
        DecodeBlock(lengths[..288], lengths[288..]);
    }

    private void DecodeDynamic()
    {
        int literals = Read(5) + 257;
        int distances = Read(5) + 1;
        int codes = Read(4) + 4;
        Span<byte> lengths = stackalloc byte[320];
        lengths.Clear();
        for (int i = 0; i < codes; i++)
        {
            lengths[CodeOrder[i]] = (byte)Read(3);
        }

        Span<ushort> counts = stackalloc ushort[MaxBits + 1];
        Span<ushort> symbols = stackalloc ushort[320];
        MakeCode(lengths[..19], counts, symbols);
        lengths.Clear();
        for (int i = 0; i < literals + distances && !_isDamaged;)
        {
            int symbol = Decode(counts, symbols);
            (byte value, int repeat) = symbol switch
            {
                < 16 => ((byte)Math.Max(symbol, 0), 1),
                16 => (i > 0 ? lengths[i - 1] : (byte)0, 3 + Read(2)),
                17 => ((byte)0, 3 + Read(3)),
                _ => ((byte)0, 11 + Read(7)),
            };
            if (repeat > literals + distances - i || (symbol == 16 && i == 0))
            {
                _isDamaged = true;
                return;
            }

            lengths.Slice(i, repeat).Fill(value);
            i += repeat;
        }

        DecodeBlock(lengths[..literals], lengths.Slice(literals, distances));
    }

    private void DecodeBlock(scoped ReadOnlySpan<byte> literalLengths, scoped ReadOnlySpan<byte> distanceLengths)
    {
        Span<ushort> literalCounts = stackalloc ushort[MaxBits + 1];
        Span<ushort> literalSymbols = stackalloc ushort[320];
        MakeCode(literalLengths, literalCounts, literalSymbols);
        Span<ushort> distanceCounts = stackalloc ushort[MaxBits + 1];
        Span<ushort> distanceSymbols = stackalloc ushort[32];
        MakeCode(distanceLengths, distanceCounts, distanceSymbols);
        while (!_isDamaged && _to < _destination.Length)
        {
            int symbol = Decode(literalCounts, literalSymbols);
            if (symbol == EndOfBlock || _isDamaged)
            {
                return;
            }

            if (symbol < EndOfBlock)
            {
                _destination[_to++] = (byte)symbol;
                continue;
            }

            CopyMatch(symbol - EndOfBlock - 1, distanceCounts, distanceSymbols);
        }
    }

    private void CopyMatch(int lengthCode, scoped ReadOnlySpan<ushort> counts, scoped ReadOnlySpan<ushort> symbols)
    {
        int length = lengthCode < LengthBase.Length ? LengthBase[lengthCode] + Read(LengthBits[lengthCode]) : 0;
        int code = Decode(counts, symbols);
        int distance = code >= 0 && code < DistanceBase.Length ? DistanceBase[code] + Read(DistanceBits[code]) : 0;
        if (_isDamaged || length == 0 || distance == 0 || distance > _to)
        {
            _isDamaged = true;
            return;
        }

        length = Math.Min(length, _destination.Length - _to);
        LzMatch.Copy(_destination, _to, distance, length);
        _to += length;
    }

    // A canonical code as the number of codes of every length, and the symbols in the order of their codes.
    private void MakeCode(scoped ReadOnlySpan<byte> lengths, scoped Span<ushort> counts, scoped Span<ushort> symbols)
    {
        counts.Clear();
        foreach (byte length in lengths)
        {
            counts[length]++;
        }

        counts[0] = 0;
        int left = 1;
        Span<ushort> offsets = stackalloc ushort[MaxBits + 2];
        offsets.Clear();
        for (int length = 1; length <= MaxBits; length++)
        {
            left = (left << 1) - counts[length];
            if (left < 0)
            {
                _isDamaged = true;
                return;
            }

            offsets[length + 1] = (ushort)(offsets[length] + counts[length]);
        }

        for (int symbol = 0; symbol < lengths.Length; symbol++)
        {
            if (lengths[symbol] != 0)
            {
                symbols[offsets[lengths[symbol]]++] = (ushort)symbol;
            }
        }
    }

    private int Decode(scoped ReadOnlySpan<ushort> counts, scoped ReadOnlySpan<ushort> symbols)
    {
        int code = 0;
        int first = 0;
        int index = 0;
        for (int length = 1; length <= MaxBits && !_isDamaged; length++)
        {
            code |= Read(1);
            int count = counts[length];
            if (code - count < first)
            {
                return symbols[index + code - first];
            }

            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }

        _isDamaged = true;
        return -1;
    }
}
