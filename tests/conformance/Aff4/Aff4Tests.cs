using System.Security.Cryptography;
using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Aff4;

/// <summary>A disk with symbols of all kinds.</summary>
public sealed class Aff4ContractTests : ImageContract
{
    protected override string Sample => "aff4/Base-Linear-ReadError.aff4";

    protected override string Format => "aff4";
}

/// <summary>The reference images of the format, made by Evimetry. The digests that they have are its own.</summary>
public sealed class Aff4Tests
{
    // The SHA-1 of the whole disk is what the format's own libraries compare these images with.
    [Theory]
    [InlineData("aff4/Base-Linear.aff4", "7d3d27f667f95f7ec5b9d32121622c0f4b60b48d")]
    [InlineData("aff4/Base-Linear-ReadError.aff4", "67e245a640e2784ead30c1ff1a3f8d237b58310f")]
    public void The_disk_has_its_known_digest_and_all_stored_ones_are_right(string sample, string sha1)
    {
        using ImageSample opened = ImageSample.Open(sample);
        BlockSource disk = opened.Image.Content;
        Assert.Equal(268435456, disk.Length);
        Assert.Equal(sha1, Sha1Of(disk));
        RecordedCheck check = RecordedCheck.Run(opened.Image);
        Assert.Empty(check.Problems);
        Assert.Equal(
            ["MD5 of the stored chunks", "SHA1 of the stored chunks", "SHA512 of 'idx'", "SHA512 of 'map'",
                "SHA512 of 'mapPath'"],
            check.Confirmed.Order());
        Assert.Contains(new("Compression", "snappy, chunks of 32768 bytes"), opened.Image.Details);
        Assert.Contains(new("Tool", "Evimetry 2.2.0"), opened.Image.Details);
        Assert.Contains(new("Serial number", "SGAT5060001234"), opened.Image.Details);
    }

    [Fact]
    public void What_could_not_be_read_is_told()
    {
        using ImageSample good = ImageSample.Open("aff4/Base-Linear.aff4");
        Assert.DoesNotContain(good.Image.Details, detail => detail.Key == "Not readable");
        using ImageSample bad = ImageSample.Open("aff4/Base-Linear-ReadError.aff4");
        Assert.Contains(bad.Image.Details, detail => detail.Key == "Not readable");
    }

    [Theory]
    [InlineData("aff4/Micro7.001.aff4", "memory")]
    [InlineData("aff4/dream-logical.aff4", "AFF4-L")]
    public void What_is_no_disk_is_refused_by_name(string sample, string name)
    {
        UnsupportedFeatureException error =
            Assert.Throws<UnsupportedFeatureException>(() => ImageSample.Open(sample).Dispose());
        Assert.Contains(name, error.Feature, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://code.google.com/p/snappy/", "snappy")]
    [InlineData("https://code.google.com/p/lz4/", "lz4")]
    [InlineData("https://tools.ietf.org/html/rfc1951", "deflate")]
    [InlineData("https://www.ietf.org/rfc/rfc1950.txt", "zlib")]
    [InlineData("http://aff4.org/Schema#NullCompressor", "none")]
    public void Containers_that_python_makes_hold_the_disk(string method, string codec)
    {
        Requires.Tool("python3", "lz4");
        using TemporaryFolder folder = new();
        Tool.Run("python3", Path.Combine(TreeSamples.Root, "aff4.py"), folder.Path, method, codec);
        using FolderFiles files = new(folder.Path, "image.aff4");
        using DiskImage image = ImageFormats.Open(
            new ImageOpener(files.First, "image.aff4", files, new BlockCache(1 << 20)), null);
        byte[] expected = File.ReadAllBytes(folder["disk"]);
        Assert.Equal(expected, image.Content.ReadBytes(0, (int)image.Content.Length));
        SourceContract.ExtentsTile(image.Content);
        RecordedCheck check = RecordedCheck.Run(image);
        Assert.Empty(check.Problems);
        Assert.Contains("SHA256 of the disk", check.Confirmed);
    }

    [Fact]
    public void A_changed_byte_of_the_map_is_reported()
    {
        Requires.Samples();
        byte[] bytes = File.ReadAllBytes(Samples.Get("aff4/Base-Linear.aff4"));

        // The order in which entries were made has no say in what is read.
        int path = bytes.AsSpan().IndexOf((ReadOnlySpan<byte>)[0, 0x80, 0x80, 0x80, 0x80, 1, 0x50, 0x4b, 7, 8]);
        Assert.NotEqual(-1, path);
        bytes[path]++;
        using DiskImage image = ImageFormats.Open(
            new ImageOpener(new MemorySource(bytes), "image.aff4", null, new BlockCache(1 << 20)), null);
        RecordedCheck check = RecordedCheck.Run(image);
        Assert.Contains("'mapPath'", Assert.Single(check.Problems).Message, StringComparison.Ordinal);
    }

    private static string Sha1Of(BlockSource disk)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA1);
        byte[] buffer = new byte[1 << 20];
        for (long offset = 0; offset < disk.Length; offset += buffer.Length)
        {
            hash.AppendData(buffer, 0, disk.ReadUpTo(offset, buffer));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
