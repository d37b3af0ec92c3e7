using System.Security.Cryptography;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.Ewf;

/// <summary>Checks the digests of the disk that were stored when the image was made.</summary>
internal static class EwfCheck
{
    private const int BufferLength = 1 << 20;

    /// <summary>Reads the whole disk.</summary>
    public static void Run(BlockSource disk, byte[]? md5, byte[]? sha1, ImageCheck check)
    {
        using IncrementalHash first = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
        using IncrementalHash second = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        byte[] buffer = new byte[BufferLength];
        check.Begin("digests", disk.Length);
        for (long offset = 0; offset < disk.Length;)
        {
            Span<byte> part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, disk.Length - offset));
            disk.Read(offset, part);
            first.AppendData(part);
            second.AppendData(part);
            check.Advance(part.Length);
            offset += part.Length;
        }

        Compare("MD5", first, md5, check);
        Compare("SHA-1", second, sha1, check);
    }

    private static void Compare(string name, IncrementalHash hash, byte[]? expected, ImageCheck check)
    {
        if (expected is null)
        {
            return;
        }

        byte[] actual = hash.GetHashAndReset();
        if (actual.AsSpan().SequenceEqual(expected))
        {
            check.Confirm(name);
        }
        else
        {
            check.Report(
                null, $"the {name} is {Convert.ToHexStringLower(actual)}, not {Convert.ToHexStringLower(expected)}");
        }
    }
}
