namespace Imaged.Formats.Images.AppleCrypt;

/// <summary>Where the encrypted blocks stand, and their keys.</summary>
/// <param name="DataOffset">Byte offset of the first block in the file.</param>
/// <param name="Length">Bytes of the image inside.</param>
/// <param name="BlockLength">Bytes of a block, a multiple of 16.</param>
/// <param name="DataKey">Of AES.</param>
/// <param name="VectorKey">Of HMAC-SHA1, which makes a block's initialization vector of its number.</param>
internal sealed record CryptLayout(long DataOffset, long Length, int BlockLength, byte[] DataKey, byte[] VectorKey)
{
    /// <summary>Longest block in bytes.</summary>
    public const int MaxBlockLength = 1 << 20;
}
