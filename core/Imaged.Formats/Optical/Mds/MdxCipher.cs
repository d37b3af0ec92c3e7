using System.Buffers.Binary;
using System.Numerics;
using System.Security.Cryptography;

namespace Imaged.Formats.Optical.Mds;

/// <summary>The two ways in which these images use AES with keys of 256 bits, both as TrueCrypt 4 and 5 did: the
/// descriptor is in CBC with whitening, the data in LRW. Thread-safe.</summary>
internal sealed class MdxCipher
{
    /// <summary>Bytes of a block of the cipher.</summary>
    public const int BlockLength = 16;

    private const int UnitLength = 512;
    private const int Batch = 4096;

    private readonly byte[] _key;
    private readonly byte[] _tweak;

    // The tweak times x^n for a block number of 64 bits, and times x^n + x^(n-1) + ... + 1: what the tweak of a block
    // changes by when its number's n lowest bits carry over.
    private readonly UInt128[] _powers = new UInt128[64];
    private readonly UInt128[] _carries = new UInt128[64];

    /// <summary>A cipher.</summary>
    /// <param name="tweak">16 bytes: initialization vector, or tweak key.</param>
    /// <param name="key">32 bytes.</param>
    public MdxCipher(ReadOnlySpan<byte> tweak, ReadOnlySpan<byte> key)
    {
        _key = key.ToArray();
        _tweak = tweak.ToArray();
        UInt128 power = BinaryPrimitives.ReadUInt128BigEndian(tweak);
        UInt128 carry = 0;
        for (int i = 0; i < _powers.Length; i++)
        {
            _powers[i] = power;
            carry ^= power;
            _carries[i] = carry;

            // GF(2^128) with x^128 + x^7 + x^2 + x + 1.
            power = (power << 1) ^ ((power >> 127) * 0x87);
        }
    }

    /// <summary>Decrypts CBC with whitening in units of 512 bytes, each of which begins anew.</summary>
    /// <param name="bytes">A whole number of blocks.</param>
    public void DecryptCbc(Span<byte> bytes)
    {
        UInt128 first = BinaryPrimitives.ReadUInt128BigEndian(_tweak);
        UInt128 whitening = (first & ulong.MaxValue) | (first << 64);
        byte[] whitened = new byte[bytes.Length];
        for (int at = 0; at < bytes.Length; at += BlockLength)
        {
            UInt128 block = BinaryPrimitives.ReadUInt128BigEndian(bytes[at..]);
            BinaryPrimitives.WriteUInt128BigEndian(whitened.AsSpan(at), block ^ whitening);
        }

        using Aes aes = CreateAes();
        aes.DecryptEcb(whitened, bytes, PaddingMode.None);
        for (int at = 0; at < bytes.Length; at += BlockLength)
        {
            UInt128 previous = at % UnitLength == 0
                ? first
                : BinaryPrimitives.ReadUInt128BigEndian(whitened.AsSpan(at - BlockLength));
            UInt128 block = BinaryPrimitives.ReadUInt128BigEndian(bytes[at..]);
            BinaryPrimitives.WriteUInt128BigEndian(bytes[at..], block ^ previous);
        }
    }

    /// <summary>Decrypts LRW.</summary>
    /// <param name="bytes">The bytes; what is left behind the last whole block is not encrypted.</param>
    /// <param name="index">Number of the first block, from 1.</param>
    public void DecryptLrw(Span<byte> bytes, ulong index)
    {
        using Aes aes = CreateAes();
        UInt128 tweak = TweakOf(index);
        Span<byte> tweaks = stackalloc byte[Batch];
        bytes = bytes[..^(bytes.Length % BlockLength)];
        while (!bytes.IsEmpty)
        {
            Span<byte> part = bytes[..Math.Min(Batch, bytes.Length)];
            for (int at = 0; at < part.Length; at += BlockLength)
            {
                BinaryPrimitives.WriteUInt128BigEndian(tweaks[at..], tweak);
                tweak ^= _carries[BitOperations.TrailingZeroCount(~index)];
                index++;
            }

            Xor(part, tweaks);
            aes.DecryptEcb(part, part, PaddingMode.None);
            Xor(part, tweaks);
            bytes = bytes[part.Length..];
        }
    }

    private static void Xor(Span<byte> bytes, ReadOnlySpan<byte> mask)
    {
        for (int at = 0; at < bytes.Length; at += BlockLength)
        {
            UInt128 value = BinaryPrimitives.ReadUInt128LittleEndian(bytes[at..])
                ^ BinaryPrimitives.ReadUInt128LittleEndian(mask[at..]);
            BinaryPrimitives.WriteUInt128LittleEndian(bytes[at..], value);
        }
    }

    private UInt128 TweakOf(ulong index)
    {
        UInt128 tweak = 0;
        for (int bit = 0; bit < _powers.Length; bit++)
        {
            tweak ^= ((index >> bit) & 1) != 0 ? _powers[bit] : 0;
        }

        return tweak;
    }

    private Aes CreateAes()
    {
        Aes aes = Aes.Create();
        aes.Key = _key;
        return aes;
    }
}
