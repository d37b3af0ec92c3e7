using System.Buffers.Binary;
using System.IO.Hashing;
using Imaged.Formats.Codecs;
using Imaged.Formats.Optical.Sectors;

namespace Imaged.Formats.Optical.Mds;

/// <summary>A block of 512 bytes that holds keys, encrypted with a password: as the header of a TrueCrypt volume, 64
/// bytes of salt and the rest encrypted.</summary>
/// <param name="Cipher">What the keys in it decrypt.</param>
/// <param name="PackedLength">Bytes of the compressed descriptor.</param>
/// <param name="Length">Bytes of the descriptor.</param>
internal sealed record MdxKeyHeader(MdxCipher Cipher, uint PackedLength, uint Length)
{
    /// <summary>Bytes of the block.</summary>
    public const int BlockLength = 512;

    private const int SaltLength = 64;
    private const int Iterations = 2000;
    private const int KeyOffset = 32;
    private const int KeyLength = 32;
    private const int KeyData = 80;
    private const int KeyDataLength = 256;
    private const uint Magic = 0x54525545;

    /// <summary>Opens a block with the password that follows from its own salt: it protects nothing.</summary>
    /// <param name="block">The block.</param>
    /// <param name="isData">Whether it holds the keys of the data, not of the descriptor.</param>
    /// <returns>Null when that is not its password.</returns>
    public static MdxKeyHeader? TryOpen(ReadOnlySpan<byte> block, bool isData) =>
        TryOpen(block, PasswordOf(block[..SaltLength]), isData);

    /// <summary>Opens a block with a password.</summary>
    /// <returns>Null when the password is wrong.</returns>
    public static MdxKeyHeader? TryOpen(ReadOnlySpan<byte> block, ReadOnlySpan<byte> password, bool isData)
    {
        byte[] derived = new byte[KeyOffset + KeyLength];
        Ripemd160.DeriveKey(password, block[..SaltLength], Iterations, derived);
        MdxCipher cipher = CipherOf(derived);
        byte[] plain = block[..BlockLength].ToArray();
        if (isData)
        {
            cipher.DecryptLrw(plain.AsSpan(SaltLength), 1);
        }
        else
        {
            cipher.DecryptCbc(plain.AsSpan(SaltLength));
        }

        ReadOnlySpan<byte> keys = plain.AsSpan(KeyData, KeyDataLength);
        return BinaryPrimitives.ReadUInt32LittleEndian(plain.AsSpan(68)) == Magic
            && BinaryPrimitives.ReadUInt32LittleEndian(plain.AsSpan(64)) == Crc32.HashToUInt32(keys)
            ? new(
                CipherOf(keys),
                BinaryPrimitives.ReadUInt32LittleEndian(plain.AsSpan(336)),
                BinaryPrimitives.ReadUInt32LittleEndian(plain.AsSpan(340)))
            : null;
    }

    private static MdxCipher CipherOf(ReadOnlySpan<byte> keys) =>
        new(keys[..MdxCipher.BlockLength], keys.Slice(KeyOffset, KeyLength));

    private static byte[] PasswordOf(ReadOnlySpan<byte> salt)
    {
        uint value = Edc.Compute(salt) ^ 0x567372FF;
        byte[] password = salt.ToArray();
        for (int at = 0; at < password.Length; at += sizeof(uint))
        {
            value = unchecked((value * 0x35E85A6D) + 0x1548DCE9);
            Span<byte> word = password.AsSpan(at, sizeof(uint));
            BinaryPrimitives.WriteUInt32LittleEndian(
                word, BinaryPrimitives.ReadUInt32LittleEndian(word) ^ value ^ 0xEC564717);
            word.Replace((byte)0, (byte)0x5f);
        }

        return password;
    }
}
