using System.Buffers.Binary;
using System.Numerics;

namespace Imaged.Formats.Codecs;

/// <summary>DES (FIPS 46-3), decrypting block by block. The base library has it only where the system's OpenSSL still
/// does, and refuses keys that are weak; images take what password they were given. Thread-safe.</summary>
internal sealed class Des
{
    /// <summary>Bytes of a block and of a key, whose parity bits do not count.</summary>
    public const int BlockLength = 8;

    private const int Rounds = 16;
    private const int Boxes = 8;
    private const uint HalfKey = 0xfffffff;

    // Permutations list, from the highest bit of the result on, which bit it is, 1 being the highest.
    private static readonly ulong[] Initial = Tabulate(
    [
        58, 50, 42, 34, 26, 18, 10, 2, 60, 52, 44, 36, 28, 20, 12, 4, 62, 54, 46, 38, 30, 22, 14, 6, 64, 56, 48, 40,
        32, 24, 16, 8, 57, 49, 41, 33, 25, 17, 9, 1, 59, 51, 43, 35, 27, 19, 11, 3, 61, 53, 45, 37, 29, 21, 13, 5, 63,
        55, 47, 39, 31, 23, 15, 7,
    ]);

    private static readonly ulong[] Final = Tabulate(
    [
        40, 8, 48, 16, 56, 24, 64, 32, 39, 7, 47, 15, 55, 23, 63, 31, 38, 6, 46, 14, 54, 22, 62, 30, 37, 5, 45, 13, 53,
        21, 61, 29, 36, 4, 44, 12, 52, 20, 60, 28, 35, 3, 43, 11, 51, 19, 59, 27, 34, 2, 42, 10, 50, 18, 58, 26, 33, 1,
        41, 9, 49, 17, 57, 25,
    ]);

    // What six bits become in each of the boxes, already where the permutation behind them puts it.
    private static readonly uint[] Substituted = Substitute();

    // Six bits for each box of each round.
    private readonly byte[] _keys = new byte[Rounds * Boxes];

    /// <summary>A cipher.</summary>
    /// <param name="key">8 bytes.</param>
    public Des(ReadOnlySpan<byte> key)
    {
        ulong chosen = Permute(BinaryPrimitives.ReadUInt64BigEndian(key), 64, KeyChoice);
        uint left = (uint)(chosen >> 28);
        uint right = (uint)(chosen & HalfKey);
        for (int round = 0; round < Rounds; round++)
        {
            int turn = round is 0 or 1 or 8 or 15 ? 1 : 2;
            left = ((left << turn) | (left >> (28 - turn))) & HalfKey;
            right = ((right << turn) | (right >> (28 - turn))) & HalfKey;
            ulong bits = Permute(((ulong)left << 28) | right, 56, RoundChoice);
            for (int box = 0; box < Boxes; box++)
            {
                _keys[(round * Boxes) + box] = (byte)((bits >> (42 - (6 * box))) & 63);
            }
        }
    }

    private static ReadOnlySpan<byte> KeyChoice =>
    [
        57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36,
        63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4,
    ];

    private static ReadOnlySpan<byte> RoundChoice =>
    [
        14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2,
        41, 52, 31, 37, 47, 55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
    ];

    private static ReadOnlySpan<byte> BoxPermutation =>
    [
        16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10,
        2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4, 25,
    ];

    // Four rows of 16 for each box: the outer two of the six bits choose the row.
    private static ReadOnlySpan<byte> BoxRows =>
    [
        14, 4, 13, 1, 2, 15, 11, 8, 3, 10, 6, 12, 5, 9, 0, 7, 0, 15, 7, 4, 14, 2, 13, 1, 10, 6, 12, 11, 9, 5, 3, 8,
        4, 1, 14, 8, 13, 6, 2, 11, 15, 12, 9, 7, 3, 10, 5, 0, 15, 12, 8, 2, 4, 9, 1, 7, 5, 11, 3, 14, 10, 0, 6, 13,
        15, 1, 8, 14, 6, 11, 3, 4, 9, 7, 2, 13, 12, 0, 5, 10, 3, 13, 4, 7, 15, 2, 8, 14, 12, 0, 1, 10, 6, 9, 11, 5,
        0, 14, 7, 11, 10, 4, 13, 1, 5, 8, 12, 6, 9, 3, 2, 15, 13, 8, 10, 1, 3, 15, 4, 2, 11, 6, 7, 12, 0, 5, 14, 9,
        10, 0, 9, 14, 6, 3, 15, 5, 1, 13, 12, 7, 11, 4, 2, 8, 13, 7, 0, 9, 3, 4, 6, 10, 2, 8, 5, 14, 12, 11, 15, 1,
        13, 6, 4, 9, 8, 15, 3, 0, 11, 1, 2, 12, 5, 10, 14, 7, 1, 10, 13, 0, 6, 9, 8, 7, 4, 15, 14, 3, 11, 5, 2, 12,
        7, 13, 14, 3, 0, 6, 9, 10, 1, 2, 8, 5, 11, 12, 4, 15, 13, 8, 11, 5, 6, 15, 0, 3, 4, 7, 2, 12, 1, 10, 14, 9,
        10, 6, 9, 0, 12, 11, 7, 13, 15, 1, 3, 14, 5, 2, 8, 4, 3, 15, 0, 6, 10, 1, 13, 8, 9, 4, 5, 11, 12, 7, 2, 14,
        2, 12, 4, 1, 7, 10, 11, 6, 8, 5, 3, 15, 13, 0, 14, 9, 14, 11, 2, 12, 4, 7, 13, 1, 5, 0, 15, 10, 3, 9, 8, 6,
        4, 2, 1, 11, 10, 13, 7, 8, 15, 9, 12, 5, 6, 3, 0, 14, 11, 8, 12, 7, 1, 14, 2, 13, 6, 15, 0, 9, 10, 4, 5, 3,
        12, 1, 10, 15, 9, 2, 6, 8, 0, 13, 3, 4, 14, 7, 5, 11, 10, 15, 4, 2, 7, 12, 9, 5, 6, 1, 13, 14, 0, 11, 3, 8,
        9, 14, 15, 5, 2, 8, 12, 3, 7, 0, 4, 10, 1, 13, 11, 6, 4, 3, 2, 12, 9, 5, 15, 10, 11, 14, 1, 7, 6, 0, 8, 13,
        4, 11, 2, 14, 15, 0, 8, 13, 3, 12, 9, 7, 5, 10, 6, 1, 13, 0, 11, 7, 4, 9, 1, 10, 14, 3, 5, 12, 2, 15, 8, 6,
        1, 4, 11, 13, 12, 3, 7, 14, 10, 15, 6, 8, 0, 5, 9, 2, 6, 11, 13, 8, 1, 4, 10, 7, 9, 5, 0, 15, 14, 2, 3, 12,
        13, 2, 8, 4, 6, 15, 11, 1, 10, 9, 3, 14, 5, 0, 12, 7, 1, 15, 13, 8, 10, 3, 7, 4, 12, 5, 6, 11, 0, 14, 9, 2,
        7, 11, 4, 1, 9, 12, 14, 2, 0, 6, 10, 13, 15, 3, 5, 8, 2, 1, 14, 7, 4, 10, 8, 13, 15, 12, 9, 0, 3, 5, 6, 11,
    ];

    /// <summary>Decrypts in place, every block for itself; what is left behind the last whole one stays as it
    /// is.</summary>
    public void DecryptEcb(Span<byte> bytes)
    {
        for (; bytes.Length >= BlockLength; bytes = bytes[BlockLength..])
        {
            BinaryPrimitives.WriteUInt64BigEndian(bytes, Decrypt(BinaryPrimitives.ReadUInt64BigEndian(bytes)));
        }
    }

    private ulong Decrypt(ulong block)
    {
        block = Permute(block, Initial);
        uint left = (uint)(block >> 32);
        uint right = (uint)(block & uint.MaxValue);
        for (int round = Rounds - 1; round >= 0; round--)
        {
            ReadOnlySpan<byte> key = _keys.AsSpan(round * Boxes, Boxes);
            uint sum = 0;
            for (int box = 0; box < Boxes; box++)
            {
                // Six bits, of which two belong to the neighbours as well; the first one is the last bit of all.
                uint bits = BitOperations.RotateLeft(right, (4 * box) - 1) >> 26;
                sum |= Substituted[(64 * box) + (int)(bits ^ key[box])];
            }

            (left, right) = (right, left ^ sum);
        }

        return Permute(((ulong)right << 32) | left, Final);
    }

    private static ulong Permute(ulong value, ReadOnlySpan<ulong> table)
    {
        ulong result = 0;
        for (int i = 0; i < 8; i++)
        {
            result |= table[(256 * i) + (int)((value >> (56 - (8 * i))) & 0xff)];
        }

        return result;
    }

    private static ulong Permute(ulong value, int width, ReadOnlySpan<byte> bits)
    {
        ulong result = 0;
        foreach (byte bit in bits)
        {
            result = (result << 1) | ((value >> (width - bit)) & 1);
        }

        return result;
    }

    // What each value of each byte becomes.
    private static ulong[] Tabulate(ReadOnlySpan<byte> bits)
    {
        ulong[] table = new ulong[8 * 256];
        for (int i = 0; i < table.Length; i++)
        {
            table[i] = Permute((ulong)(i & 0xff) << (56 - (8 * (i >> 8))), 64, bits);
        }

        return table;
    }

    private static uint[] Substitute()
    {
        uint[] table = new uint[Boxes * 64];
        for (int i = 0; i < table.Length; i++)
        {
            int box = i >> 6;
            int row = ((i >> 4) & 2) | (i & 1);
            uint value = BoxRows[(box << 6) | (row << 4) | ((i >> 1) & 15)];
            table[i] = (uint)Permute((ulong)value << (28 - (4 * box)), 32, BoxPermutation);
        }

        return table;
    }
}
