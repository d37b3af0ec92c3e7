using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Dmg;

/// <summary>Images that hdiutil made, with what 7z, qemu-img and dmg2img read in them, as noted beside the
/// samples.</summary>
public sealed class DmgSampleTests
{
    private const string DmgWiz = "1407509ff44696aab011815d84951ad2c53cb7345a71d9803b73817c2d2d83cf";
    private const string Ronin = "a99720a126a9e6bcbfb7b7b97771942e3f90ce197d507d4b4b1aee588d111f21";
    private const string Mirage = "66a33efdc7b70e91e063037f18809447dbe432caae169c5b8551540a3bc2e137";

    [Theory]
    [InlineData("mirage2iso-20_hdiutil_udzo.dmg", Mirage, "zlib")]
    [InlineData("mirage2iso-20_hdiutil_udbz.dmg", Mirage, "bzip2")]
    [InlineData("dmgwiz-input_zlib.dmg", DmgWiz, "zlib")]
    [InlineData("dmgwiz-input_bzip2.dmg", DmgWiz, "bzip2")]
    [InlineData("dmgwiz-input_ro.dmg.xz", DmgWiz, "none")]
    [InlineData("dmgwiz-input_lzma.dmg", DmgWiz, "LZMA (xz)")]
    [InlineData("ronin-hfsplus_adc.dmg", Ronin, "ADC")]
    [InlineData("ronin-hfsplus_lzfse.dmg", Ronin, "LZFSE")]
    [InlineData(
        "sparkle-SparkleTestCodeSignApp.dmg",
        "c45a5fd694b67ef971fd3543a5c27384b223b3a24d6510135e60a9da11dbf2c5",
        "bzip2")]
    [InlineData(
        "sparkle-SparkleTestCodeSign_pkg.dmg",
        "634ffe8a67cec1f85c1e1b84fa1ed6f4dadd6f14f31131558b935a2c2e197d88",
        "LZMA (xz)")]
    [InlineData("brew-container.dmg", "c29a633edae75e46c02e311e2af5df472a3299ff3a672963f3457076e98ec8d8", "zlib")]
    [InlineData(
        "shockpkg-test-archive-apfs.dmg", "4902a42a78d326dfa09d7acec65b216b85b8327b8f48d182e6f7b7600eaecb11", "zlib")]
    [InlineData(
        "shockpkg-test-archive-hfsp.dmg", "38e24c11967346d97a53df83b7edd061c80a10065145be829d862fcded41c47e", "zlib")]
    [InlineData("subclipse.dmg", "caa54c57d42348b97291e2f031c21ee3c68bb5fffe08e39327226bf137f59dda", "zlib")]
    [InlineData("qemu-simple.dmg.bz2", "20647e0a98a830a6a250b91e0e6d7200a872caea07b87a3c19611f3dd031c9df", "zlib")]
    [InlineData("dfvfs-hfsplus_zlib.dmg", "c86d3616818e175caca2f6022f49e190e5b1cfe39b2e8f9373119e22aa7eaf58", "zlib")]
    public void A_sample_holds_what_other_tools_read(string name, string sha256, string compression)
    {
        using ImageSample sample = ImageSample.Open("dmg/" + name);
        Assert.Equal("dmg", sample.Image.Format.Id);
        Assert.Empty(sample.Image.Warnings);
        Assert.Equal(sha256, ImageSample.Sha256(sample.Disk));
        Assert.Equal(compression, sample.Image.Details.Single(detail => detail.Key == "Compression").Value);

        // hdiutil writes a checksum for each table, one of these, and mostly one of the data fork.
        RecordedCheck check = RecordedCheck.Run(sample.Image);
        Assert.Empty(check.Problems);
        Assert.Contains("CRC-32 of the master checksum", check.Confirmed);
        Assert.True(check.Confirmed.Count > 3);
    }

    [Theory]
    [InlineData("brew-raw-test.dmg.gz", "da6ad151e0cef38ed87a607a260d677d928edc036bb07fb44747887bd8338e01")]
    [InlineData("tika-raw-hfs.dmg.xz", "b4ae1c0ec4a743cc08046009a0c3e8518501e7ef6bb108dd32f37637d63f975f")]
    public void Without_a_trailer_it_is_a_raw_image(string name, string sha256)
    {
        using ImageSample sample = ImageSample.Open("dmg/" + name);
        Assert.Equal("raw", sample.Image.Format.Id);
        Assert.Equal(sha256, ImageSample.Sha256(sample.Disk));
        Assert.Throws<ImageFormatException>(() => ImageSample.Open("dmg/" + name, "dmg"));
    }

    [Fact]
    public void A_changed_sector_fails_the_check()
    {
        const string Name = "dmg/dmgwiz-input_ro.dmg.xz";
        byte[] bytes = File.ReadAllBytes(Samples.Get(Name));
        bytes[1000] ^= 1;
        using MemorySource changed = new(bytes);
        using ImageSample sample = ImageSample.Open(Name, first: changed);
        RecordedCheck check = RecordedCheck.Run(sample.Image);
        Assert.Equal(2, check.Problems.Count);
        Assert.Contains("data fork", check.Problems[0].Message, StringComparison.Ordinal);
        Assert.Contains("table", check.Problems[1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_behind_the_trailer_are_told_when_the_format_is_named()
    {
        const string Name = "dmg/dmgwiz-input_zlib.dmg";
        using MemorySource longer = new((byte[])[.. File.ReadAllBytes(Samples.Get(Name)), .. new byte[777]]);
        using ImageSample sample = ImageSample.Open(Name, "dmg", first: longer);
        Assert.Equal("777 bytes follow the trailer", Assert.Single(sample.Image.Warnings));
        Assert.Equal(DmgWiz, ImageSample.Sha256(sample.Disk));
    }
}
