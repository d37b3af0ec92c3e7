using System.IO.Compression;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Uif;
using Imaged.TestKit;
using Imaged.TestKit.Builders;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Uif;

/// <summary>The contract of images, for UIF.</summary>
public sealed class UifContractTests : ImageContract
{
    protected override string Sample => "uif/magiciso55.uif";

    protected override string Format => "uif";
}

/// <summary>An image of MagicISO, and hand-made ones.</summary>
public sealed class UifTests
{
    private const int SectorLength = 2048;

    // The fixed password number 10, and its key: the sum of its words, which openssl is given.
    private const string FixedPassword = "ARb10naVY=Rouse";
    private const int FixedKey = 10;

    [Fact]
    public void The_sample_has_the_content_that_its_authors_packed()
    {
        using ImageSample sample = ImageSample.Open("uif/magiciso55.uif");
        Assert.Equal(["uif", "raw"], sample.Stack.Layers.Select(layer => layer.Format.Id));
        Assert.Equal(
            "66a33efdc7b70e91e063037f18809447dbe432caae169c5b8551540a3bc2e137", ImageSample.Sha256(sample.Disk));
    }

    [Theory]
    [InlineData(1, null)]
    [InlineData(2, null)]
    [InlineData(3, null)]
    [InlineData(1, "secret, and longer than 8 bytes")]
    [InlineData(3, "secret")]
    [InlineData(2, FixedPassword)]
    public void All_kinds_of_chunks_are_read(int version, string? password)
    {
        Requires.Tool("xz", "openssl");
        byte[] image = MakeImage();
        using MemorySource file = new(Build(image, version, password));
        using DiskImage disk = Open(file, password == FixedPassword ? null : password);
        Assert.Equal(image, disk.Content.ReadBytes(0, image.Length));
        Assert.Equal(image.Length, disk.Content.Length);
        SourceContract.ExtentsTile(disk.Content);
        Assert.Contains("2 sectors are not in the file", Assert.Single(disk.Warnings), StringComparison.Ordinal);
        if (password is not null and not FixedPassword)
        {
            Assert.True(Assert.Throws<PasswordException>(() => Open(file, null)).IsMissing);
            Assert.False(Assert.Throws<PasswordException>(() => Open(file, "wrong")).IsMissing);
        }
    }

    [Fact]
    public void Damage_names_the_sectors()
    {
        Requires.Tool("xz", "openssl");
        byte[] image = MakeImage();
        byte[] bytes = Build(image, 2, null);
        bytes[(3 * SectorLength) + 60] ^= 0xff;
        using MemorySource file = new(bytes);
        using DiskImage disk = Open(file, null);
        Assert.Contains(
            "sectors 8 to 11",
            Assert.Throws<ImageFormatException>(() => disk.Content.ReadBytes(8 * SectorLength, 1)).Message,
            StringComparison.Ordinal);
        Assert.Equal(image[..SectorLength], disk.Content.ReadBytes(0, SectorLength));
    }

    [Theory]
    [InlineData(57, 2, "MagicISO made up itself")]
    [InlineData(10, 7, "an image of type 7")]
    [InlineData(21, 9, "a sector has")]
    [InlineData(28, 0, "no table of chunks")]
    public void What_cannot_be_read_is_refused(int at, byte value, string message)
    {
        Requires.Tool("xz", "openssl");
        byte[] bytes = Build(MakeImage(), 2, null);
        bytes[bytes.Length - 64 + at] = value;
        using MemorySource file = new(bytes);
        Assert.Contains(
            message, Assert.ThrowsAny<IOException>(() => Open(file, null)).Message, StringComparison.Ordinal);
    }

    private static DiskImage Open(BlockSource file, string? password) =>
        UifFormat.Open(new(file, "disc.uif", null, new BlockCache(1 << 20))
        {
            Password = password is null ? null : Encoding.ASCII.GetBytes(password),
        });

    // Stored, cut off behind its first sector, so that the rest is zero; zero; missing; compressed, twice.
    private static byte[] MakeImage()
    {
        byte[] image = new byte[(14 * SectorLength) + 100];
        new Random(2).NextBytes(image.AsSpan(0, SectorLength));
        for (int i = 8 * SectorLength; i < image.Length; i++)
        {
            image[i] = (byte)((i * (i >> 7)) & 0xff);
        }

        // What looks like a call of x86, for the filter.
        image[(12 * SectorLength) + 40] = 0xe8;
        image.AsSpan((12 * SectorLength) + 41, 4).Clear();
        return image;
    }

    private static byte[] Build(byte[] image, int version, string? password)
    {
        (int Sector, int Count, int Kind)[] chunks = [(12, 3, 5), (0, 4, 1), (4, 2, 3), (8, 4, 5)];
        ByteWriter data = new ByteWriter().Zeros(40);
        ByteWriter entries = new();
        foreach ((int sector, int count, int kind) in chunks.OrderBy(chunk => chunk.Sector))
        {
            byte[] part = new byte[count * SectorLength];
            image.AsSpan(sector * SectorLength, Math.Min(part.Length, image.Length - (sector * SectorLength)))
                .CopyTo(part);
            byte[] stored = Encrypt(
                kind switch { 1 => part[..SectorLength], 3 => [], _ => Compress(part, version) }, password);
            entries.U64(data.Length).U32(stored.Length).U32(sector).U32(count).U32(kind);
            data.Bytes(stored);
        }

        // Entries need not be in order.
        byte[] table = entries.ToArray();
        byte[] payload = Encrypt(Zlib([.. table[24..], .. table[..24]]), password);
        int end = data.Length;
        ByteWriter block = new ByteWriter().Text("blhr").U32(payload.Length + 8).U32(1).U32(4).Bytes(payload);
        byte[] trailer = new ByteWriter().Text("bbis").U32(64).U16(version).U16(8).U32(0).U32(15).U32(SectorLength)
            .U32(100).U64(end).U32(block.Length + 64).Zeros(16)
            .U8(password == FixedPassword ? FixedKey : 0, 0, 0, 0).U32(0).ToArray();
        if (password is not null and not FixedPassword)
        {
            data.Text("bsdr").U32(64).Bytes(Encrypt(trailer, password));
        }

        return data.Bytes(block.ToArray()).Bytes(trailer).ToArray();
    }

    private static byte[] Compress(byte[] bytes, int version)
    {
        if (version < 3)
        {
            return Zlib(bytes);
        }

        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["bytes"], bytes);
        byte[] alone = Tool.Run("xz", "--format=alone", "-c", folder["bytes"]).Output;
        return [0, .. alone];
    }

    private static byte[] Zlib(byte[] bytes)
    {
        using MemoryStream stream = new();
        using (ZLibStream zlib = new(stream, CompressionLevel.Optimal, leaveOpen: true))
        {
            zlib.Write(bytes);
        }

        return stream.ToArray();
    }

    private static byte[] Encrypt(byte[] clear, string? password)
    {
        int whole = clear.Length / 8 * 8;
        if (password is null || whole == 0)
        {
            return clear;
        }

        ulong key = 0;
        foreach (byte[] word in Encoding.ASCII.GetBytes(password.PadRight(32, '\0')).Chunk(8))
        {
            key = unchecked(key + BitConverter.ToUInt64(word));
        }

        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["clear"], clear[..whole]);
        byte[] secret = Tool.Run(
            "openssl", "enc", "-des-ecb", "-provider", "legacy", "-provider", "default", "-nopad", "-K",
            Convert.ToHexString(BitConverter.GetBytes(key)), "-in", folder["clear"]).Output;
        return [.. secret, .. clear[whole..]];
    }
}
