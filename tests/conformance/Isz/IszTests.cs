using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Isz;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Isz;

/// <summary>The contract of images, for ISZ.</summary>
public sealed class IszContractTests : ImageContract
{
    protected override string Sample => "isz/ultraiso96.isz";

    protected override string Format => "isz";
}

/// <summary>An image of UltraISO, and hand-made ones.</summary>
public sealed class IszTests
{
    private const int ChunkLength = 8192;

    [Fact]
    public void The_sample_has_the_content_that_its_authors_packed()
    {
        using ImageSample sample = ImageSample.Open("isz/ultraiso96.isz");
        Assert.Equal(
            "66a33efdc7b70e91e063037f18809447dbe432caae169c5b8551540a3bc2e137", ImageSample.Sha256(sample.Disk));
        RecordedCheck check = RecordedCheck.Run(sample.Image);
        Assert.Empty(check.Problems);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void All_kinds_of_chunks_and_keys_are_read(int encryption)
    {
        Requires.Tool("bzip2", "openssl");
        using TemporaryFolder folder = new();
        byte[] image = MakeImage();
        (byte[] table, byte[] data) = Encode(image, encryption, folder);
        byte[] header = Header(image, encryption, 64 + table.Length);
        File.WriteAllBytes(folder["disc.isz"], [.. header, .. table, .. data]);
        using FolderFiles files = new(folder.Path, "disc.isz");
        using DiskImage disk = Open(files, "disc.isz", "secret");
        Assert.Equal(image, disk.Content.ReadBytes(0, image.Length));
        Assert.Empty(RecordedCheck.Run(disk).Problems);
        SourceContract.ExtentsTile(disk.Content);
        if (encryption != 0)
        {
            Assert.True(Assert.Throws<PasswordException>(() => Open(files, "disc.isz", null)).IsMissing);
            Assert.False(Assert.Throws<PasswordException>(() => Open(files, "disc.isz", "wrong")).IsMissing);
        }
    }

    [Theory]
    [InlineData("disc.isz", "disc.i01")]
    [InlineData("disc.part01.isz", "disc.part02.isz")]
    public void Parts_are_read_one_behind_the_other(string first, string second)
    {
        Requires.Tool("bzip2", "openssl");
        using TemporaryFolder folder = new();
        byte[] image = MakeImage();
        (byte[] table, byte[] data) = Encode(image, 0, folder);

        // The first file ends inside the stored chunk 1, of which the second one has the rest.
        int dataOffset = 64 + table.Length + 72;
        byte[] header = Header(image, 0, dataOffset);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(39), 64 + table.Length);
        byte[] segments = new byte[72];
        BinaryPrimitives.WriteInt32LittleEndian(segments, dataOffset + 5000);
        BinaryPrimitives.WriteInt32LittleEndian(segments.AsSpan(16), dataOffset);
        BinaryPrimitives.WriteInt32LittleEndian(segments.AsSpan(20), 1000);
        BinaryPrimitives.WriteInt32LittleEndian(segments.AsSpan(24), 64 + data.Length - 5000);
        BinaryPrimitives.WriteInt32LittleEndian(segments.AsSpan(40), 64 + 1000);
        Hide(segments);
        File.WriteAllBytes(folder[first], [.. header, .. table, .. segments, .. data[..5000]]);
        header[34] = 1;
        File.WriteAllBytes(folder[second], [.. header, .. data[5000..]]);
        using (FolderFiles files = new(folder.Path, first))
        {
            using DiskImage disk = Open(files, first, null);
            Assert.Equal(image, disk.Content.ReadBytes(0, image.Length));
        }

        using (FolderFiles later = new(folder.Path, second))
        {
            ImageFormatException error = Assert.Throws<ImageFormatException>(() => Open(later, second, null));
            Assert.Contains("open the first one", error.Message, StringComparison.Ordinal);
        }

        File.Delete(folder[second]);
        using FolderFiles less = new(folder.Path, first);
        ImageFormatException missing = Assert.Throws<ImageFormatException>(() => Open(less, first, null));
        Assert.Contains($"'{second}' is not beside", missing.Message, StringComparison.Ordinal);
    }

    private static DiskImage Open(FolderFiles files, string name, string? password) =>
        IszFormat.Open(new(files.First, name, files, new BlockCache(1 << 20))
        {
            Password = password is null ? null : Encoding.ASCII.GetBytes(password),
        });

    private static byte[] Header(byte[] image, int encryption, int dataOffset)
    {
        byte[] header = new byte[64];
        "IsZ!"u8.CopyTo(header);
        header[4] = 64;
        header[5] = 1;
        header[16] = (byte)encryption;
        header[33] = 3;
        (int At, uint Value)[] fields =
        [
            (12, (uint)image.Length / 2048), (25, (uint)((image.Length + ChunkLength - 1) / ChunkLength)),
            (29, ChunkLength), (35, 64), (43, (uint)dataOffset), (48, ~Crc32.HashToUInt32(image)),
        ];
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(10), 2048);
        foreach ((int at, uint value) in fields)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(at), value);
        }

        return header;
    }

    private static (byte[] Table, byte[] Data) Encode(byte[] image, int encryption, TemporaryFolder folder)
    {
        List<byte> table = [];
        List<byte> data = [];
        int[] kinds = [0, 1, 2, 3, 2];
        foreach ((byte[] chunk, int kind) in image.Chunk(ChunkLength).Zip(kinds))
        {
            byte[] stored = Encrypt(kind switch
            {
                0 => [],
                1 => chunk,
                2 => Zlib(chunk),
                _ => Bzip2(chunk, folder),
            }, encryption, folder);

            // The entry of a chunk of zeros has a length, too.
            int entry = kind << 22 | (kind == 0 ? chunk.Length : stored.Length);
            table.AddRange([(byte)(entry & 0xff), (byte)((entry >> 8) & 0xff), (byte)(entry >> 16)]);
            data.AddRange(stored);
        }

        byte[] hidden = [.. table];
        Hide(hidden);
        return (hidden, [.. data]);
    }

    private static void Hide(byte[] table)
    {
        byte[] key = [0xb6, 0x8c, 0xa5, 0xde];
        for (int i = 0; i < table.Length; i++)
        {
            table[i] ^= key[i % 4];
        }
    }

    private static byte[] Zlib(byte[] chunk)
    {
        using MemoryStream stream = new();
        using (ZLibStream zlib = new(stream, CompressionLevel.Optimal, leaveOpen: true))
        {
            zlib.Write(chunk);
        }

        return stream.ToArray();
    }

    private static byte[] Bzip2(byte[] chunk, TemporaryFolder folder)
    {
        File.WriteAllBytes(folder["chunk"], chunk);
        byte[] stored = Tool.Run("bzip2", "-c", folder["chunk"]).Output;
        stored.AsSpan(0, 3).Clear();
        return stored;
    }

    private static byte[] Encrypt(byte[] clear, int encryption, TemporaryFolder folder)
    {
        int whole = clear.Length / 16 * 16;
        if (encryption == 0 || whole == 0)
        {
            return clear;
        }

        File.WriteAllBytes(folder["clear"], clear[..whole]);
        string key = Convert.ToHexString("secret"u8).PadRight(16 * encryption, '0');
        byte[] secret = Tool.Run(
            "openssl", "enc", $"-aes-{64 * encryption}-ecb", "-nopad", "-K", key, "-in", folder["clear"]).Output;
        return [.. secret, .. clear[whole..]];
    }

    private static byte[] MakeImage()
    {
        byte[] image = new byte[(4 * ChunkLength) + 2048];
        for (int i = ChunkLength; i < image.Length; i++)
        {
            image[i] = (byte)((i * (i >> 5)) & 0xff);
        }

        return image;
    }
}
