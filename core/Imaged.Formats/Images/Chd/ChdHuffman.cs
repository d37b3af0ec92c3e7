using System.Buffers;
using Imaged.Formats.Codecs;

namespace Imaged.Formats.Images.Chd;

/// <summary>Canonical Huffman codes of CHD: of two codes the longer one is the smaller number, and codes of one length
/// rise with their symbols. A table tells for the next bits of a stream, as many as the longest code has, the symbol
/// and the length of its code: <c>symbol * 32 + length</c>, 0 where no code begins so.</summary>
internal static class ChdHuffman
{
    private const int LengthBits = 5;
    private const int ByteCodeBits = 16;

    // The code of the lengths of byte codes: 0 for a repetition, and lengths plus one.
    private const int SmallSymbols = 24;
    private const int SmallCodeBits = 6;
    private const int LongRepetition = 9;
    private const int LongRepetitionBits = 8;

    /// <summary>Makes the table of a code.</summary>
    /// <param name="lengths">Length of the code of each symbol; 0 for none.</param>
    /// <param name="maxBits">Length of the longest code that may be.</param>
    /// <param name="table">2 to the power of <paramref name="maxBits"/> entries.</param>
    /// <returns>False when there is no such code.</returns>
    public static bool TryMakeTable(ReadOnlySpan<byte> lengths, int maxBits, Span<ushort> table)
    {
        Span<int> next = stackalloc int[ByteCodeBits + 1];
        next.Clear();
        foreach (byte length in lengths)
        {
            if (length > maxBits)
            {
                return false;
            }

            next[length]++;
        }

        int start = 0;
        for (int length = maxBits; length > 0; length--)
        {
            int end = start + next[length];
            if ((length > 1 && (end & 1) != 0) || end > 1 << length)
            {
                return false;
            }

            next[length] = start;
            start = end >> 1;
        }

        table.Clear();
        for (int symbol = 0; symbol < lengths.Length; symbol++)
        {
            int length = lengths[symbol];
            if (length > 0)
            {
                int spread = maxBits - length;
                table.Slice(next[length]++ << spread, 1 << spread).Fill((ushort)((symbol << LengthBits) | length));
            }
        }

        return true;
    }

    /// <summary>The next symbol of a stream.</summary>
    /// <returns>-1 when no code begins with its bits.</returns>
    public static int Read(ref BitReader bits, scoped ReadOnlySpan<ushort> table, int maxBits)
    {
        int entry = table[(int)bits.Peek(maxBits)];
        bits.Skip(entry & ((1 << LengthBits) - 1));
        return entry == 0 ? -1 : entry >> LengthBits;
    }

    /// <summary>Reads lengths of codes of up to 8 bits: 1 begins a repetition, and a single 1 is doubled.</summary>
    /// <param name="bits">The stream.</param>
    /// <param name="lengths">A length for every symbol.</param>
    /// <returns>False when they do not fit.</returns>
    public static bool TryReadLengths(ref BitReader bits, scoped Span<byte> lengths)
    {
        const int Width = 4;
        for (int i = 0; i < lengths.Length;)
        {
            byte length = (byte)bits.Read(Width);
            int count = 1;
            if (length == 1)
            {
                length = (byte)bits.Read(Width);
                count = length == 1 ? 1 : (int)bits.Read(Width) + 3;
            }

            if (count > lengths.Length - i)
            {
                return false;
            }

            lengths.Slice(i, count).Fill(length);
            i += count;
        }

        return !bits.IsExhausted;
    }

    /// <summary>Decodes a hunk of single bytes: the code, and then the bytes.</summary>
    /// <returns>Whether it could be decoded.</returns>
    public static bool TryDecodeBytes(ReadOnlySpan<byte> source, Span<byte> hunk)
    {
        BitReader bits = new(source);
        Span<byte> lengths = stackalloc byte[256];
        if (!TryReadPackedLengths(ref bits, lengths))
        {
            return false;
        }

        ushort[] buffer = ArrayPool<ushort>.Shared.Rent(1 << ByteCodeBits);
        try
        {
            Span<ushort> table = buffer.AsSpan(0, 1 << ByteCodeBits);
            if (!TryMakeTable(lengths, ByteCodeBits, table))
            {
                return false;
            }

            for (int i = 0; i < hunk.Length; i++)
            {
                int symbol = Read(ref bits, table, ByteCodeBits);
                if (symbol < 0)
                {
                    return false;
                }

                hunk[i] = (byte)symbol;
            }

            return !bits.IsExhausted;
        }
        finally
        {
            ArrayPool<ushort>.Shared.Return(buffer);
        }
    }

    // Lengths that are packed with a code of their own.
    private static bool TryReadPackedLengths(ref BitReader bits, scoped Span<byte> lengths)
    {
        Span<byte> small = stackalloc byte[SmallSymbols];
        small.Clear();
        small[0] = (byte)bits.Read(3);
        for (int i = (int)bits.Read(3) + 1; i < SmallSymbols; i++)
        {
            byte length = (byte)bits.Read(3);
            if (length == 7)
            {
                break;
            }

            small[i] = length;
        }

        Span<ushort> table = stackalloc ushort[1 << SmallCodeBits];
        if (!TryMakeTable(small, SmallCodeBits, table))
        {
            return false;
        }

        byte last = 0;
        for (int i = 0; i < lengths.Length;)
        {
            int symbol = Read(ref bits, table, SmallCodeBits);
            if (symbol < 0 || bits.IsExhausted)
            {
                return false;
            }

            int count = 1;
            if (symbol > 0)
            {
                last = (byte)(symbol - 1);
            }
            else
            {
                count = (int)bits.Read(3) + 2;
                count += count == LongRepetition ? (int)bits.Read(LongRepetitionBits) : 0;
                count = Math.Min(count, lengths.Length - i);
            }

            lengths.Slice(i, count).Fill(last);
            i += count;
        }

        return true;
    }
}
