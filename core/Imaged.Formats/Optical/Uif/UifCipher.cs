using System.Buffers.Binary;
using Imaged.Formats.Codecs;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Uif;

/// <summary>The encryption of UIF images: DES, each block for itself, with a key that a password adds up to.
/// Thread-safe.</summary>
internal static class UifCipher
{
    private const int MaxPassword = 31;

    // What MagicISO encrypts with when no password is given; which one is in the trailer, from 1 on.
    private static readonly byte[][] FixedPasswords =
    [
        [.. "FAngS)snOt32"u8], [.. "AglEy29TarsI;"u8], [.. "bum87OrYx*THeCa"u8], [.. "ARMy67sabot&"u8],
        [.. "FoOTs:blaZe70"u8], [.. "panIc+elD%self79"u8], [.. "Usnea*hest98"u8], [.. "apex(TUft!BLOKE70"u8],
        [.. "sword18rEpP}"u8], [.. "ARb10naVY=Rouse"u8], [.. "PAIR18gAG:swAYs"u8], [.. "gums}Box73yANg"u8],
        [.. "naVal45drain]"u8], [.. "Cams42hEt83faiLs)"u8], [.. "rIaNt$Notch5"u8], [.. "ExaCT&art*MEteS47"u8],
    ];

    /// <summary>The cipher of an image that is encrypted without a password.</summary>
    /// <param name="fixedKey">1 to 16.</param>
    public static Des CreateFixed(int fixedKey) => Create(FixedPasswords[fixedKey - 1]);

    /// <summary>The cipher for a password, of which the first 31 bytes count.</summary>
    /// <exception cref="PasswordException">There is none.</exception>
    public static Des Create(ImageOpener opener)
    {
        ReadOnlySpan<byte> password = opener.RequirePassword(UifFormat.Id);
        return Create(password[..Math.Min(password.Length, MaxPassword)]);
    }

    private static Des Create(ReadOnlySpan<byte> password)
    {
        Span<byte> padded = stackalloc byte[4 * sizeof(ulong)];
        padded.Clear();
        password.CopyTo(padded);
        ulong sum = 0;
        for (; !padded.IsEmpty; padded = padded[sizeof(ulong)..])
        {
            sum = unchecked(sum + BinaryPrimitives.ReadUInt64LittleEndian(padded));
        }

        Span<byte> key = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(key, sum);
        return new(key);
    }
}
