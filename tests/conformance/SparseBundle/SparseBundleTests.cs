using System.Globalization;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.SparseBundle;

/// <summary>Sparse bundles: real ones, of which one lacks bands, and one of more bands than are open at a
/// time.</summary>
public sealed class SparseBundleTests : ImageContract
{
    private const string Exfat = "sparsebundle/gpt-exfat-incomplete.sparsebundle/";

    protected override string Sample => Exfat + "Info.plist";

    protected override string Format => "sparsebundle";

    [Theory]
    [InlineData(Exfat, 100_020_736, "0.xz", "6")]
    [InlineData("sparsebundle/empty.sparsebundle/", 134_217_728, "0")]
    public void A_bundle_holds_its_bands_one_behind_the_other(string bundle, long length, params string[] bands)
    {
        Requires.Tool("truncate", "dd");
        using TemporaryFolder folder = new();
        StringBuilder script = new($"truncate -s {length} '{folder["disk"]}'\n");
        foreach (string band in bands)
        {
            long number = long.Parse(band.Split('.')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            script.Append($"dd if='{Samples.Get(bundle + "bands/" + band)}' of='{folder["disk"]}' bs=8M ")
                .Append($"seek={number} conv=notrunc status=none\n");
        }

        Tool.Shell(script.ToString());
        using BlockSource expected = FileSourceOf(folder["disk"]);
        using ImageSample sample = ImageSample.Open(bundle + "Info.plist");
        Assert.Equal(length, sample.Disk.Length);
        Assert.Equal(ImageSample.Sha256(expected), ImageSample.Sha256(sample.Disk));
        SourceContract.ExtentsTile(sample.Disk);
    }

    [Fact]
    public void More_bands_than_are_open_at_a_time_are_read_from_many_threads()
    {
        using TemporaryFolder folder = new();
        byte[] expected = new byte[300 * 512];
        new Random(7).NextBytes(expected);
        Directory.CreateDirectory(folder["bands"]);
        for (int i = 0; i < 300; i++)
        {
            File.WriteAllBytes(Path.Combine(folder["bands"], i.ToString("x", CultureInfo.InvariantCulture)),
                expected[(i * 512)..((i + 1) * 512)]);
        }

        File.WriteAllText(folder["Info.plist"], List(512, expected.Length));
        using FolderFiles files = new(folder.Path, "Info.plist");
        using DiskImage image = Open(files);
        Parallel.For(0, 2000, i =>
        {
            int offset = i * 7919 % (expected.Length - 2000);
            Assert.Equal(expected[offset..(offset + 2000)], image.Content.ReadBytes(offset, 2000));
        });
    }

    [Theory]
    [InlineData(511, 1000)]
    [InlineData(0, 1000)]
    [InlineData(512, 0)]
    [InlineData(512, -1)]
    public void Sizes_that_cannot_be_are_refused(long bandLength, long length)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["Info.plist"], List(bandLength, length));
        using FolderFiles files = new(folder.Path, "Info.plist");
        Assert.Throws<ImageFormatException>(() => Open(files));
    }

    [Fact]
    public void An_encrypted_bundle_is_refused_by_name()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["Info.plist"], List(512, 512));
        File.WriteAllText(folder["token"], "encrcdsa");
        using FolderFiles files = new(folder.Path, "Info.plist");
        Assert.Equal("encryption", Assert.Throws<UnsupportedFeatureException>(() => Open(files)).Feature);
    }

    private static string List(long bandLength, long length) =>
        $"""
        <plist version="1.0"><dict><key>band-size</key><integer>{bandLength}</integer><key>size</key>
        <integer>{length}</integer><key>diskimage-bundle-type</key>
        <string>com.apple.diskimage.sparsebundle</string></dict></plist>
        """;

    private static BlockSource FileSourceOf(string path) => Imaged.Linux.FileSource.Open(path);

    private static DiskImage Open(FolderFiles files) =>
        ImageFormats.Open(new ImageOpener(files.First, "Info.plist", files, new BlockCache(1 << 20)), null);
}
