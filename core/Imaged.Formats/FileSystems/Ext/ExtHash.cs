using System.Numerics;

namespace Imaged.Formats.Ext;

/// <summary>The hashes of names that directory indexes are sorted by: versions 0 to 2, and 3 to 5 for the same over
/// unsigned bytes.</summary>
internal static class ExtHash
{
    public const int Legacy = 0;
    public const int HalfMd4 = 1;
    public const int Tea = 2;
    public const int LastVersion = 5;

    // The largest value stands for the end of a directory and is never a name's hash.
    private const uint End = 0xFFFFFFFE;

    private static readonly uint[] DefaultSeed = [0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476];

    /// <summary>The hash with its lowest bit cleared: an index uses that to mark collisions.</summary>
    public static uint Of(ReadOnlySpan<byte> name, int version, ReadOnlySpan<uint> seed)
    {
        bool signed = version <= Tea;
        Span<uint> state = stackalloc uint[4];
        (seed.ContainsAnyExcept(0u) ? seed : DefaultSeed).CopyTo(state);
        uint hash = (signed ? version : version - 3) switch
        {
            Legacy => LegacyHash(name, signed),
            HalfMd4 => Chunks(name, 8, signed, state)[1],
            _ => Chunks(name, 4, signed, state)[0],
        };
        hash &= ~1u;
        return hash == End ? End - 2 : hash;
    }

    private static Span<uint> Chunks(ReadOnlySpan<byte> name, int words, bool signed, Span<uint> state)
    {
        Span<uint> input = stackalloc uint[words];
        while (!name.IsEmpty)
        {
            Fill(name, input, signed);
            if (words == 8)
            {
                HalfMd4Transform(state, input);
            }
            else
            {
                TeaTransform(state, input);
            }

            name = name[Math.Min(name.Length, words * 4)..];
        }

        return state;
    }

    // Four bytes to a word, the first one highest; what is missing is filled with the length in every byte.
    private static void Fill(ReadOnlySpan<byte> name, Span<uint> words, bool signed)
    {
        unchecked
        {
            uint pad = (uint)(name.Length | (name.Length << 8));
            pad |= pad << 16;
            words.Fill(pad);
            uint value = pad;
            int count = Math.Min(name.Length, words.Length * 4);
            for (int i = 0; i < count; i++)
            {
                value = Widen(name[i], signed) + (value << 8);
                if (i % 4 == 3)
                {
                    words[i / 4] = value;
                    value = pad;
                }
            }

            if (count % 4 != 0)
            {
                words[count / 4] = value;
            }
        }
    }

    private static uint Widen(byte value, bool signed) => unchecked(signed ? (uint)(sbyte)value : value);

    private static uint LegacyHash(ReadOnlySpan<byte> name, bool signed)
    {
        unchecked
        {
            uint last = 0x37ABE8F9;
            uint hash = 0x12A3FE2D;
            foreach (byte value in name)
            {
                uint next = last + (hash ^ (Widen(value, signed) * 7152373));
                if ((next & 0x80000000) != 0)
                {
                    next -= 0x7FFFFFFF;
                }

                last = hash;
                hash = next;
            }

            return hash << 1;
        }
    }

    private static void TeaTransform(Span<uint> state, ReadOnlySpan<uint> key)
    {
        unchecked
        {
            uint left = state[0];
            uint right = state[1];
            uint sum = 0;
            for (int round = 0; round < 16; round++)
            {
                sum += 0x9E3779B9;
                left += ((right << 4) + key[0]) ^ (right + sum) ^ ((right >> 5) + key[1]);
                right += ((left << 4) + key[2]) ^ (left + sum) ^ ((left >> 5) + key[3]);
            }

            state[0] += left;
            state[1] += right;
        }
    }

    // MD4 (RFC 1320) with half of its input words in each round.
    private static void HalfMd4Transform(Span<uint> state, ReadOnlySpan<uint> input)
    {
        unchecked
        {
            ReadOnlySpan<byte> order = [0, 1, 2, 3, 4, 5, 6, 7, 1, 3, 5, 7, 0, 2, 4, 6, 3, 7, 2, 6, 1, 5, 0, 4];
            ReadOnlySpan<byte> shifts = [3, 7, 11, 19, 3, 5, 9, 13, 3, 9, 11, 15];
            (uint a, uint b, uint c, uint d) = (state[0], state[1], state[2], state[3]);
            for (int step = 0; step < 24; step++)
            {
                int round = step / 8;
                uint mixed = round switch
                {
                    0 => d ^ (b & (c ^ d)),
                    1 => (b & c) + ((b ^ c) & d) + 0x5A827999,
                    _ => (b ^ c ^ d) + 0x6ED9EBA1,
                };
                uint next = BitOperations.RotateLeft(a + mixed + input[order[step]], shifts[(round * 4) + (step % 4)]);
                (a, b, c, d) = (d, next, b, c);
            }

            state[0] += a;
            state[1] += b;
            state[2] += c;
            state[3] += d;
        }
    }
}
