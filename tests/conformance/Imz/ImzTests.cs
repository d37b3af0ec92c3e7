using System.Security.Cryptography;
using System.Text;
using Imaged.Blocks;
using Imaged.Conformance.Floppy;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Builders;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Imz;

/// <summary>The contract of images, for IMZ.</summary>
public sealed class ImzContractTests : ImageContract
{
    protected override string Sample => "floppy/fluxfox-sector_test_360k.imz";

    protected override string Format => "imz";
}

/// <summary>Images of other programs, and an encrypted one.</summary>
public sealed class ImzTests
{
    [Fact]
    public void The_sample_is_what_unzip_makes_of_it()
    {
        using ImageSample sample = ImageSample.Open("floppy/fluxfox-sector_test_360k.imz");
        Assert.Equal(["imz", "raw"], sample.Stack.Layers.Select(layer => layer.Format.Id));
        Assert.Equal(
            "0e61e0e0a01d799f87566621a96882d1020b6e9445af0096949a03e31d457668", ImageSample.Sha256(sample.Disk));
        Assert.Equal(["CRC-32"], RecordedCheck.Run(sample.Image).Confirmed);
    }

    [Theory]
    [InlineData("-9", "disk.ima", "disk.imz")]
    [InlineData("-0", "disk.img", "disk.zip")]
    [InlineData("-6", "readme.txt", "disk.imz")]
    public void Files_of_zip_are_read(string option, string inner, string name)
    {
        byte[] volume = MakeVolume();
        byte[] packed = Zip(volume, option, inner);
        using MemorySource file = new(packed);
        using ImageStack stack = Open(file, name, null);
        Assert.Equal(["imz", "raw"], stack.Layers.Select(layer => layer.Format.Id));
        Assert.Equal(volume, stack.Innermost.Content.ReadBytes(0, volume.Length));
    }

    [Fact]
    public void Other_zip_files_are_no_images()
    {
        using MemorySource file = new(Zip(MakeVolume(), "-9", "readme.txt"));
        using ImageStack stack = Open(file, "disk.zip", null);
        Assert.Equal("raw", stack.Layers[0].Format.Id);
    }

    [Fact]
    public void What_cannot_be_read_is_refused_by_name()
    {
        Requires.Tool("zip");
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            cd '{folder.Path}'; head -c 10000 /dev/urandom >a.ima; cp a.ima b.ima
            zip -q two.imz a.ima b.ima; zip -q -P secret secret.imz a.ima
            """);
        AssertRefused(folder["two.imz"], "2 files");
        AssertRefused(folder["secret.imz"], "methods of zip files");
    }

    [Fact]
    public void A_file_that_is_cut_off_is_said_to_be()
    {
        using MemorySource file = new(Zip(MakeVolume(), "-9", "disk.ima").AsMemory(0, 1000));
        Assert.Contains(
            "end of the directory",
            Assert.Throws<ImageFormatException>(() => Open(file, "disk.imz", null)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_changed_byte_is_found()
    {
        byte[] packed = Zip(MakeVolume(), "-0", "disk.ima");
        packed[5000] ^= 1;
        using MemorySource file = new(packed);
        using ImageStack stack = Open(file, "disk.imz", null);
        Assert.Contains("CRC-32", Assert.Single(stack.Layers[0].Warnings), StringComparison.Ordinal);
        Assert.Single(RecordedCheck.Run(stack.Layers[0]).Problems);
    }

    // What zip makes, its data encrypted by openssl, with the flag and the extra field that say so.
    [Fact]
    public void An_encrypted_image_wants_its_password()
    {
        Requires.Tool("openssl");
        byte[] volume = MakeVolume();
        byte[] packed = Zip(volume, "-1", "disk.ima");
        int central = packed.AsSpan().LastIndexOf("PK\x01\x02"u8);
        byte[] data = Encrypt(packed[38..central], "geheim\u00fc");
        ByteWriter file = new ByteWriter().Bytes(packed.AsSpan(0, 6)).U8(1).Bytes(packed.AsSpan(7, 31)).Bytes(data);
        int at = file.Length;
        file.Bytes(packed.AsSpan(central, 8)).U8(1).Bytes(packed.AsSpan(central + 9, 11)).U32(data.Length)
            .Bytes(packed.AsSpan(central + 24, 6)).U16(4).Bytes(packed.AsSpan(central + 32, 22)).U16(0x4953).U16(0);
        int end = file.Length;
        file.Bytes("PK\x05\x06"u8).U32(0).U16(1).U16(1).U32(end - at).U32(at).U16(0);
        using MemorySource source = new(file.ToArray());
        using ImageStack stack = Open(source, "disk.imz", "geheim\u00fc");
        Assert.Equal(volume, stack.Innermost.Content.ReadBytes(0, volume.Length));
        Assert.True(Assert.Throws<PasswordException>(() => Open(source, "disk.imz", null)).IsMissing);
        Assert.False(Assert.Throws<PasswordException>(() => Open(source, "disk.imz", "wrong")).IsMissing);
    }

    private static ImageStack Open(BlockSource file, string name, string? password) =>
        ImageStack.Open(
            new(file, name, null, new BlockCache(1 << 20))
            {
                Password = password is null ? null : Encoding.UTF8.GetBytes(password),
            },
            null);

    private static void AssertRefused(string path, string message)
    {
        using MemorySource file = new(File.ReadAllBytes(path));
        Assert.Contains(
            message,
            Assert.Throws<UnsupportedFeatureException>(() => Open(file, "disk.imz", null)).Message,
            StringComparison.Ordinal);
    }

    private static byte[] MakeVolume() => FloppyTools.Make("ibm360", 360, "raw").Volume;

    // Without extra fields, so that data begins behind 30 bytes and the name.
    private static byte[] Zip(byte[] volume, string option, string inner)
    {
        Requires.Tool("zip");
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder[inner], volume);
        Tool.Shell($"cd '{folder.Path}'; zip -q -X {option} disk.imz {inner}");
        return File.ReadAllBytes(folder["disk.imz"]);
    }

    private static byte[] Encrypt(byte[] clear, string password)
    {
        using TemporaryFolder folder = new();
        string key = Convert.ToHexString(MD5.HashData(Encoding.Unicode.GetBytes(password)));
        ByteWriter body = new ByteWriter().Zeros(8);
        int last = 0;
        foreach (byte[] chunk in clear.Chunk(32768))
        {
            last = chunk.Length;
            File.WriteAllBytes(folder["clear"], [.. chunk, .. new byte[-chunk.Length & 15]]);
            byte[] secret = Tool.Run(
                "openssl", "enc", "-aes-128-cbc", "-nopad", "-K", key, "-iv", new string('0', 32), "-in",
                folder["clear"]).Output;
            body.U32(secret.Length).Bytes(secret);
        }

        return body.U32(last).ToArray();
    }
}
