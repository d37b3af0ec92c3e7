using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.AppleCrypt;

/// <summary>What both versions do with a password.</summary>
internal static class CryptKeys
{
    /// <summary>Bytes of a key of HMAC-SHA1.</summary>
    public const int VectorKeyLength = 20;

    private const int WrappingKeyLength = 24;
    private const uint MaxIterations = 10_000_000;

    /// <summary>The key that the image's keys are encrypted with.</summary>
    /// <param name="password">The password's bytes.</param>
    /// <param name="salt">The salt.</param>
    /// <param name="iterations">As the image says.</param>
    /// <param name="offset">Where it says so, for errors.</param>
    [SuppressMessage("Security", "CA5379:Ensure key derivation is strong", Justification = "the format says SHA-1")]
    public static byte[] Derive(ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, uint iterations, long offset)
    {
        if (iterations is 0 or > MaxIterations)
        {
            ImageFormatException.Throw(
                AppleCryptFormat.Info.Id, offset, $"{iterations} iterations are not in the range 1..{MaxIterations}");
        }

        return Rfc2898DeriveBytes.Pbkdf2(password, salt, (int)iterations, HashAlgorithmName.SHA1, WrappingKeyLength);
    }

    /// <summary>Decrypts with 3DES in CBC mode and takes the padding away; null when that is wrong, as it is with a
    /// wrong password.</summary>
    [SuppressMessage("Security", "CA5350:Do not use weak algorithms", Justification = "the format says 3DES")]
    public static byte[]? Unwrap(byte[] key, ReadOnlySpan<byte> vector, ReadOnlySpan<byte> wrapped)
    {
        try
        {
            using TripleDES cipher = TripleDES.Create();
            cipher.Key = key;
            return cipher.DecryptCbc(wrapped, vector);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
