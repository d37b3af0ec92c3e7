using System.IO.Hashing;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Daa;

/// <summary>The cipher of encrypted images: it moves half bytes about, in blocks of 128 bytes and one shorter block at
/// the end, each length with a permutation that the password makes. Thread-safe.</summary>
internal sealed class DaaCipher
{
    private const int BlockLength = 128;
    private const int DefaultStep = 11;
    private const int Reserved = 32;

    private readonly byte[] _password;
    private readonly byte[]?[] _permutations = new byte[BlockLength + 1][];

    /// <summary>The cipher for a password.</summary>
    public DaaCipher(byte[] password) => _password = password;

    /// <summary>The cipher of an image.</summary>
    /// <exception cref="PasswordException">The password is missing or wrong.</exception>
    public static DaaCipher Unlock(ImageOpener opener, byte[] key, uint crc)
    {
        DaaCipher cipher = new(opener.RequirePassword(DaaFormat.Id));
        byte[] clear = [.. key];
        cipher.Decrypt(clear);
        return Crc32.HashToUInt32(clear) == crc
            ? cipher
            : throw new PasswordException(DaaFormat.Id, isMissing: false);
    }

    /// <summary>Decrypts in place.</summary>
    public void Decrypt(Span<byte> bytes)
    {
        Span<byte> clear = stackalloc byte[BlockLength];
        while (!bytes.IsEmpty)
        {
            Span<byte> block = bytes[..Math.Min(BlockLength, bytes.Length)];
            bytes = bytes[block.Length..];
            byte[] targets = GetPermutation(block.Length);
            clear.Clear();
            for (int i = 0; i < targets.Length; i++)
            {
                int half = (i & 1) == 0 ? block[i / 2] & 15 : block[i / 2] >> 4;
                clear[targets[i] / 2] |= (byte)((targets[i] & 1) == 0 ? half : half << 4);
            }

            clear[..block.Length].CopyTo(block);
        }
    }

    // Two threads may make the same one; either serves.
    private byte[] GetPermutation(int length) =>
        Volatile.Read(ref _permutations[length]) ?? (_permutations[length] = Make(2 * length));

    private byte[] Make(int count)
    {
        byte[] targets = new byte[count];
        bool[] used = new bool[count];
        int first = _password.Length > 0 ? _password[0] : 0;
        if (count <= 64)
        {
            int at = Math.Min(first >> 5, count - 1);
            for (int i = 0; i < count; i++)
            {
                at = Take(used, at, DefaultStep, 0);
                targets[i] = (byte)at;
            }

            return targets;
        }

        int position = first >> 5;
        targets[0] = (byte)(position + Reserved);
        used[position + Reserved] = true;
        for (int i = 1; i < count - Reserved; i++)
        {
            int step = i < _password.Length && _password[i] != 0 ? _password[i] : DefaultStep;
            position = Take(used, position, step, Reserved);
            targets[i] = (byte)position;
        }

        int last = (first & 7) == 0 ? 7 : first & 7;
        for (int i = count - Reserved; i < count; i++)
        {
            position = Take(used, position, last, 0);
            targets[i] = (byte)position;
        }

        return (first & 24) == 0 ? targets : Shuffle(targets, first & 24);
    }

    private static byte[] Shuffle(byte[] old, int step)
    {
        byte[] targets = new byte[old.Length];
        bool[] used = new bool[old.Length];
        int position = 0;
        for (int i = 0; i < targets.Length; i++)
        {
            position = Take(used, position, step, 0);
            targets[i] = old[position];
        }

        return targets;
    }

    // Goes on so many unused positions, and uses the one where that ends. There is one that is unused, always.
    private static int Take(bool[] used, int position, int step, int begin)
    {
        for (int counted = 0; counted < step;)
        {
            position = position + 1 < used.Length ? position + 1 : begin;
            if (!used[position])
            {
                counted++;
            }
        }

        used[position] = true;
        return position;
    }
}
