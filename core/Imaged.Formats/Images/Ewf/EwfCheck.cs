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

        if (md5 is not null)
        {
            check.Compare("MD5", first.GetHashAndReset(), md5);
        }

        if (sha1 is not null)
        {
            check.Compare("SHA-1", second.GetHashAndReset(), sha1);
        }
    }
}
