using System.IO.Hashing;
using Imaged.TestKit.Builders;

namespace Imaged.Conformance.Partclone;

/// <summary>Writes images of the kinds that partclone reads but no longer writes, from those that it writes: the
/// blocks and the bitmap are partclone's own.</summary>
internal static class PartcloneBuilder
{
    public const int BlockLength = 1024;

    /// <summary>Version 0001.</summary>
    /// <param name="volume">The file system, in blocks of <see cref="BlockLength"/>.</param>
    /// <param name="used">Which blocks are.</param>
    /// <param name="isWide">Whether eight bytes follow each block, as in images of some builds.</param>
    public static byte[] First(byte[] volume, bool[] used, bool isWide)
    {
        ByteWriter image = new ByteWriter()
            .Text("partclone-image").Text("EXTFS", 15).Text("0001").U16(0)
            .U32(BlockLength).U64(volume.Length).U64(used.Length).U64(used.Count(b => b)).Zeros(4096)
            .Bytes([.. used.Select(b => (byte)(b ? 1 : 0))]).Text("BiTmAgIc");
        Crc32 crc = new();
        foreach (byte[] block in Blocks(volume, used))
        {
            // The defect of the version: the first byte instead of all.
            byte[] same = new byte[BlockLength];
            same.AsSpan().Fill(block[0]);
            crc.Append(same);
            image.Bytes(block).U32(~crc.GetCurrentHashAsUInt32());
            if (isWide)
            {
                image.U32(0x12345678);
            }
        }

        return image.ToArray();
    }

    /// <summary>Version 0002 with another bitmap or checksum.</summary>
    /// <param name="volume">The file system, in blocks of <see cref="BlockLength"/>.</param>
    /// <param name="used">Which blocks are.</param>
    /// <param name="bitmap">0 for none, 8 for bytes.</param>
    /// <param name="checksum">Its mode.</param>
    /// <param name="checksumLength">Its bytes: zeros, unless it is the CRC.</param>
    public static byte[] Second(
        byte[] volume, bool[] used, int bitmap, int checksum = 0x20, int checksumLength = 4)
    {
        // Without a bitmap, partclone.restore falls over strips that do not fill its buffer.
        int strip = bitmap == 0 ? 1024 : 100;
        bool[] stored = bitmap == 0 ? [.. used.Select(_ => true)] : used;
        int count = stored.Count(b => b);
        byte[] header = new ByteWriter()
            .Text("partclone-image", 16).Text("0.3.23", 14).Text("0002").U16(0xC0DE).Text("EXTFS", 16)
            .U64(volume.Length).U64(used.Length).U64(count).U64(count).U32(BlockLength)
            .U32(18).U16(2).U16(64).U16(checksum).U16(checksumLength).U32(strip).U8(1, bitmap).ToArray();
        ByteWriter image = new ByteWriter().Bytes(header).U32(~Crc32.HashToUInt32(header));
        if (bitmap == 8)
        {
            image.Bytes([.. used.Select(b => (byte)(b ? 1 : 0))]).Text("BiTmAgIc");
        }

        foreach (byte[][] blocks in Blocks(volume, stored).Chunk(strip))
        {
            byte[] bytes = [.. blocks.SelectMany(block => block)];
            image.Bytes(bytes);
            if (checksum == 0x20)
            {
                image.U32(~Crc32.HashToUInt32(bytes));
            }
            else
            {
                image.Zeros(checksumLength);
            }
        }

        return image.ToArray();
    }

    private static IEnumerable<byte[]> Blocks(byte[] volume, bool[] used) =>
        volume.Chunk(BlockLength).Where((_, index) => used[index]);
}
