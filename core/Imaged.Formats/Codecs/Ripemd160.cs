using System.Buffers.Binary;
using System.Numerics;

namespace Imaged.Formats.Codecs;

/// <summary>RIPEMD-160 (ISO/IEC 10118-3) and what is built on it: HMAC (RFC 2104) and PBKDF2 (RFC 8018 section 5.2).
/// The base library has none of them.</summary>
internal static class Ripemd160
{
    /// <summary>Bytes of a hash.</summary>
    public const int HashLength = 20;

    private const int BlockLength = 64;
    private const int Words = 5;

    // Word and rotation of each of the 80 steps, of the left line and of the right one.
    private static ReadOnlySpan<byte> LeftWord =>
    [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
        7, 4, 13, 1, 10, 6, 15, 3, 12, 0, 9, 5, 2, 14, 11, 8,
        3, 10, 14, 4, 9, 15, 8, 1, 2, 7, 0, 6, 13, 11, 5, 12,
        1, 9, 11, 10, 0, 8, 12, 4, 13, 3, 7, 15, 14, 5, 6, 2,
        4, 0, 5, 9, 7, 12, 2, 10, 14, 1, 3, 8, 11, 6, 15, 13,
    ];

    private static ReadOnlySpan<byte> RightWord =>
    [
        5, 14, 7, 0, 9, 2, 11, 4, 13, 6, 15, 8, 1, 10, 3, 12,
        6, 11, 3, 7, 0, 13, 5, 10, 14, 15, 8, 12, 4, 9, 1, 2,
        15, 5, 1, 3, 7, 14, 6, 9, 11, 8, 12, 2, 10, 0, 4, 13,
        8, 6, 4, 1, 3, 11, 15, 0, 5, 12, 2, 13, 9, 7, 10, 14,
        12, 15, 10, 4, 1, 5, 8, 7, 6, 2, 13, 14, 0, 3, 9, 11,
    ];

    private static ReadOnlySpan<byte> LeftTurn =>
    [
        11, 14, 15, 12, 5, 8, 7, 9, 11, 13, 14, 15, 6, 7, 9, 8,
        7, 6, 8, 13, 11, 9, 7, 15, 7, 12, 15, 9, 11, 7, 13, 12,
        11, 13, 6, 7, 14, 9, 13, 15, 14, 8, 13, 6, 5, 12, 7, 5,
        11, 12, 14, 15, 14, 15, 9, 8, 9, 14, 5, 6, 8, 6, 5, 12,
        9, 15, 5, 11, 6, 8, 13, 12, 5, 12, 13, 14, 11, 8, 5, 6,
    ];

    private static ReadOnlySpan<byte> RightTurn =>
    [
        8, 9, 9, 11, 13, 15, 15, 5, 7, 7, 8, 11, 14, 14, 12, 6,
        9, 13, 15, 7, 12, 8, 9, 11, 7, 7, 12, 7, 6, 15, 13, 11,
        9, 7, 15, 11, 8, 6, 6, 14, 12, 13, 5, 14, 13, 13, 7, 5,
        15, 5, 8, 11, 14, 14, 6, 14, 6, 9, 12, 9, 12, 5, 15, 8,
        8, 5, 12, 9, 12, 5, 14, 6, 8, 13, 6, 5, 15, 13, 11, 11,
    ];

    private static ReadOnlySpan<uint> LeftConstant => [0, 0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xA953FD4E];

    private static ReadOnlySpan<uint> RightConstant => [0x50A28BE6, 0x5C4DD124, 0x6D703EF3, 0x7A6D76E9, 0];

    /// <summary>The hash of <paramref name="bytes"/>.</summary>
    public static byte[] Hash(ReadOnlySpan<byte> bytes)
    {
        Span<uint> state = stackalloc uint[Words];
        Begin(state);
        byte[] hash = new byte[HashLength];
        Finish(state, bytes, 0, hash);
        return hash;
    }

    /// <summary>Derives a key of a password by PBKDF2 with HMAC-RIPEMD-160.</summary>
    /// <param name="password">The password.</param>
    /// <param name="salt">The salt, at most 256 bytes.</param>
    /// <param name="iterations">Number of iterations.</param>
    /// <param name="key">To be filled.</param>
    public static void DeriveKey(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, int iterations, Span<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(salt.Length, 256);
        Span<byte> pad = stackalloc byte[BlockLength];
        pad.Clear();
        (password.Length > BlockLength ? Hash(password) : password).CopyTo(pad);
        Span<uint> inner = stackalloc uint[Words];
        Span<uint> outer = stackalloc uint[Words];
        Absorb(inner, pad, 0x36);
        Absorb(outer, pad, 0x5c);

        Span<byte> sum = stackalloc byte[HashLength];
        Span<byte> hash = stackalloc byte[HashLength];
        Span<byte> message = stackalloc byte[256 + sizeof(uint)];
        message = message[..(salt.Length + sizeof(uint))];
        salt.CopyTo(message);
        for (uint block = 1; !key.IsEmpty; block++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(message[salt.Length..], block);
            Authenticate(inner, outer, message, hash);
            hash.CopyTo(sum);
            for (int i = 1; i < iterations; i++)
            {
                Authenticate(inner, outer, hash, hash);
                for (int at = 0; at < HashLength; at++)
                {
                    sum[at] ^= hash[at];
                }
            }

            int count = Math.Min(HashLength, key.Length);
            sum[..count].CopyTo(key);
            key = key[count..];
        }
    }

    // The state after the first block of an HMAC's inner or outer hash, which is the same for all messages.
    private static void Absorb(Span<uint> state, ReadOnlySpan<byte> key, byte mask)
    {
        Span<byte> block = stackalloc byte[BlockLength];
        for (int i = 0; i < BlockLength; i++)
        {
            block[i] = (byte)(key[i] ^ mask);
        }

        Begin(state);
        Compress(state, block);
    }

    private static void Authenticate(
        ReadOnlySpan<uint> inner, ReadOnlySpan<uint> outer, ReadOnlySpan<byte> message, Span<byte> hash)
    {
        Span<uint> state = stackalloc uint[Words];
        inner.CopyTo(state);
        Finish(state, message, BlockLength, hash);
        outer.CopyTo(state);
        Finish(state, hash, BlockLength, hash);
    }

    private static void Begin(Span<uint> state) =>
        ((ReadOnlySpan<uint>)[0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0]).CopyTo(state);

    // Hashes the last bytes of a message; before them so many others have been.
    private static void Finish(Span<uint> state, ReadOnlySpan<byte> bytes, long before, Span<byte> hash)
    {
        long length = before + bytes.Length;
        for (; bytes.Length >= BlockLength; bytes = bytes[BlockLength..])
        {
            Compress(state, bytes);
        }

        Span<byte> last = stackalloc byte[2 * BlockLength];
        last.Clear();
        bytes.CopyTo(last);
        last[bytes.Length] = 0x80;
        int end = bytes.Length + 9 <= BlockLength ? BlockLength : 2 * BlockLength;
        BinaryPrimitives.WriteInt64LittleEndian(last[(end - 8)..], length * 8);
        Compress(state, last);
        if (end > BlockLength)
        {
            Compress(state, last[BlockLength..]);
        }

        for (int i = 0; i < Words; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(hash[(i * sizeof(uint))..], state[i]);
        }
    }

    private static void Compress(Span<uint> state, ReadOnlySpan<byte> block)
    {
        Span<uint> words = stackalloc uint[16];
        for (int i = 0; i < words.Length; i++)
        {
            words[i] = BinaryPrimitives.ReadUInt32LittleEndian(block[(i * sizeof(uint))..]);
        }

        (uint a, uint b, uint c, uint d, uint e) = (state[0], state[1], state[2], state[3], state[4]);
        (uint f, uint g, uint h, uint k, uint m) = (a, b, c, d, e);
        unchecked
        {
            for (int i = 0; i < 80; i++)
            {
                int round = i / 16;
                uint left = BitOperations.RotateLeft(
                    a + Mix(round, b, c, d) + words[LeftWord[i]] + LeftConstant[round], LeftTurn[i]) + e;
                (a, e, d, c, b) = (e, d, BitOperations.RotateLeft(c, 10), b, left);
                uint right = BitOperations.RotateLeft(
                    f + Mix(4 - round, g, h, k) + words[RightWord[i]] + RightConstant[round], RightTurn[i]) + m;
                (f, m, k, h, g) = (m, k, BitOperations.RotateLeft(h, 10), g, right);
            }

            uint first = state[1] + c + k;
            state[1] = state[2] + d + m;
            state[2] = state[3] + e + f;
            state[3] = state[4] + a + g;
            state[4] = state[0] + b + h;
            state[0] = first;
        }
    }

    private static uint Mix(int round, uint x, uint y, uint z) => round switch
    {
        0 => x ^ y ^ z,
        1 => (x & y) | (~x & z),
        2 => (x | ~y) ^ z,
        3 => (x & z) | (y & ~z),
        _ => x ^ (y | ~z),
    };
}
