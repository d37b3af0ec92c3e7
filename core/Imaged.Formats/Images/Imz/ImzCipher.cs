using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Imaged.Formats.Images.Imz;

/// <summary>WinImage's own encryption in zip files: AES-128 in CBC, in chunks that each begin anew, with the MD5 of the
/// password as key.</summary>
internal static class ImzCipher
{
    private const int HeaderLength = 8;
    private const int BlockLength = 16;
    private const int KeyLength = 16;

    /// <summary>Decrypts what is stored of a file.</summary>
    /// <returns>Null when it is not made of chunks.</returns>
    public static byte[]? Decrypt(ReadOnlySpan<byte> stored, byte[] password)
    {
        if (stored.Length < HeaderLength + sizeof(uint))
        {
            return null;
        }

        uint lastLength = BinaryPrimitives.ReadUInt32LittleEndian(stored[^sizeof(uint)..]);
        ReadOnlySpan<byte> chunks = stored[HeaderLength..^sizeof(uint)];
        using Aes aes = Aes.Create();
        aes.Key = MakeKey(password);
        byte[] clear = new byte[chunks.Length];
        int filled = 0;
        while (chunks.Length >= sizeof(uint))
        {
            uint length = BinaryPrimitives.ReadUInt32LittleEndian(chunks);
            chunks = chunks[sizeof(uint)..];
            if (length > chunks.Length || length % BlockLength != 0)
            {
                return null;
            }

            int count = (int)length;
            aes.DecryptCbc(chunks[..count], new byte[BlockLength], clear.AsSpan(filled), PaddingMode.None);
            chunks = chunks[count..];
            filled += chunks.IsEmpty ? (int)Math.Min(length, lastLength) : count;
        }

        return clear[..filled];
    }

    // The password is given to us as UTF-8, and to WinImage's key as UTF-16.
    private static byte[] MakeKey(byte[] password)
    {
        byte[] key = new byte[KeyLength];
#pragma warning disable CA5351 // The format says MD5.
        MD5.HashData(Encoding.Unicode.GetBytes(Encoding.UTF8.GetString(password)), key);
#pragma warning restore CA5351
        return key;
    }
}
