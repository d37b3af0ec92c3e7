using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Imaged.Conformance.AppleCrypt;

/// <summary>Encrypts images as macOS does, since there are no samples.</summary>
internal static class CryptBuilder
{
    /// <summary>Where the key record of version 2 stands.</summary>
    public const int KeyRecord = 680;

    private const int DataOffset = 8192;

    /// <summary>Keys for AES and HMAC.</summary>
    public static byte[] NewKeys(int keyBits) => RandomNumberGenerator.GetBytes((keyBits / 8) + 20);

    /// <summary>Version 2.</summary>
    public static byte[] V2(byte[] plain, string password, byte[] keys, int blockLength)
    {
        byte[] salt = RandomNumberGenerator.GetBytes(20);
        byte[] vector = RandomNumberGenerator.GetBytes(8);
        byte[] blob = Wrap([.. keys, .. "CKIE\0"u8], Derive(password, salt), vector);
        byte[] header = V2Header(plain.Length, 8 * (keys.Length - 20), blockLength, salt, vector, blob);
        return [.. header, .. Encrypt(plain, keys[..^20], keys[^20..], blockLength)];
    }

    /// <summary>Version 2 of AES-128 with keys that somebody else wrapped.</summary>
    public static byte[] V2Wrapped(byte[] encrypted, byte[] salt, byte[] vector, byte[] blob) =>
        [.. V2Header(encrypted.Length, 128, 4096, salt, vector, blob), .. encrypted];

    /// <summary>Version 1.</summary>
    public static byte[] V1(byte[] plain, string password, byte[] keys)
    {
        byte[] salt = RandomNumberGenerator.GetBytes(20);
        byte[] derived = Derive(password, salt);
        byte[] encrypted = Encrypt(plain, keys[..^20], keys[^20..], 4096);
        byte[] image = V1Wrapped(encrypted, salt, WrapTwice(keys[..^20], derived), WrapTwice(keys[^20..], derived));
        Write(image.AsSpan(encrypted.Length), (0x4ec, plain.Length));
        return image;
    }

    /// <summary>Version 1 with keys that somebody else wrapped.</summary>
    public static byte[] V1Wrapped(byte[] encrypted, byte[] salt, byte[] dataKey, byte[] vectorKey)
    {
        byte[] header = new byte[1276];
        Write(header, (0x30, 1000), (0x34, salt.Length), (0x88, dataKey.Length), (0x1b4, vectorKey.Length));
        Write(header, (0x4ec, encrypted.Length));
        salt.CopyTo(header, 0x38);
        dataKey.CopyTo(header, 0x8c);
        vectorKey.CopyTo(header, 0x1b8);
        "cdsaencr"u8.CopyTo(header.AsSpan(header.Length - 8));
        return [.. encrypted, .. header];
    }

    /// <summary>Encrypts blocks, the last one padded with zeros.</summary>
    public static byte[] Encrypt(byte[] plain, byte[] dataKey, byte[] vectorKey, int blockLength)
    {
        byte[] padded = [.. plain, .. new byte[(blockLength - (plain.Length % blockLength)) % blockLength]];
        using Aes cipher = Aes.Create();
        cipher.Key = dataKey;
        byte[] number = new byte[4];
        for (int at = 0; at < padded.Length; at += blockLength)
        {
            BinaryPrimitives.WriteInt32BigEndian(number, at / blockLength);
            byte[] vector = HMACSHA1.HashData(vectorKey, number)[..16];
            cipher.EncryptCbc(padded.AsSpan(at, blockLength), vector, PaddingMode.None)
                .CopyTo(padded.AsSpan(at));
        }

        return padded;
    }

    private static byte[] V2Header(
        int length, int keyBits, int blockLength, byte[] salt, byte[] vector, byte[] blob)
    {
        byte[] header = new byte[DataOffset];
        "encrcdsa"u8.CopyTo(header);
        Write(header, (8, 2), (12, 16), (16, 5), (20, unchecked((int)0x80000001)), (24, keyBits), (28, 91), (32, 160));
        Write(header, (52, blockLength), (60, length), (68, DataOffset), (72, 1), (76, 1), (84, KeyRecord), (92, 568));
        Span<byte> record = header.AsSpan(KeyRecord);
        Write(record, (0, 103), (4, 0), (8, 1000), (12, salt.Length), (48, 8), (84, 192), (88, 17), (92, 7), (96, 6));
        Write(record, (100, blob.Length));
        salt.CopyTo(record[16..]);
        vector.CopyTo(record[52..]);
        blob.CopyTo(record[104..]);
        return header;
    }

    // The second time backwards, with the first vector in front.
    private static byte[] WrapTwice(byte[] key, byte[] derived)
    {
        byte[] vector = RandomNumberGenerator.GetBytes(8);
        byte[] reversed = [.. vector, .. Wrap([0, 0, 0, 0, .. key], derived, vector)];
        Array.Reverse(reversed);
        return Wrap(reversed, derived, Convert.FromHexString("4adda22c79e82105"));
    }

    private static byte[] Derive(string password, byte[] salt) =>
        Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(password), salt, 1000, HashAlgorithmName.SHA1, 24);

    private static byte[] Wrap(byte[] plain, byte[] key, byte[] vector)
    {
        using TripleDES cipher = TripleDES.Create();
        cipher.Key = key;
        return cipher.EncryptCbc(plain, vector);
    }

    private static void Write(Span<byte> header, params ReadOnlySpan<(int At, int Value)> fields)
    {
        foreach ((int at, int value) in fields)
        {
            BinaryPrimitives.WriteInt32BigEndian(header[at..], value);
        }
    }
}
