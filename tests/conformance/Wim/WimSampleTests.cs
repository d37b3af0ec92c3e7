using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.Formats.Wim;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Wim;

/// <summary>Images that other people made.</summary>
public sealed class WimSampleTests
{
    [Theory]
    [InlineData("wim/mwl-LZX.wim", 1)]
    [InlineData("wim/mwl-XPRESS.wim", 1)]
    [InlineData("wim/mwl-MultiImage.wim", 1)]
    [InlineData("wim/mwl-MultiImage.wim", 2)]
    [InlineData("wim/mwl-MultiImage.wim", 3)]
    [InlineData("wim/TestData.wim", 1)]
    [InlineData("wim/macpacker.wim", 1)]
    [InlineData("wim/wimlib-corrupted_file_1.wim", 1)]
    [InlineData("wim/wimlib-empty_dacl.wim", 1)]
    [InlineData("wim/wimlib-longpaths.wim", 1)]
    [InlineData("wim/split/Split.swm", 1)]
    public void Files_are_what_wimlib_extracts(string sample, int image)
    {
        Requires.Tool("wimlib-imagex");
        using ImageSample opened = ImageSample.Open(sample);
        using TemporaryFolder folder = new();
        string path = Samples.Get(sample);
        string parts = sample.Contains("split", StringComparison.Ordinal) ? $"--ref='{path[..^4]}*.swm'" : string.Empty;
        Tool.Shell(
            $"wimlib-imagex apply '{path}' {image} '{folder["out"]}' --recover-data {parts} > '{folder["log"]}' 2>&1");
        using FileTree tree = Open(opened.Image.Content, image);
        SortedDictionary<string, string> expected = HostTree.Of(folder["out"], full: false);
        Assert.NotEmpty(expected);
        HostTree.AssertSame(expected, HostTree.Of(tree, full: false));
        TreeContract.EntriesAreFound(tree);
    }

    [Theory]
    [InlineData("wim/mwl-LZX.wim")]
    [InlineData("wim/mwl-XPRESS.wim")]
    [InlineData("wim/mwl-MultiImage.wim")]
    [InlineData("wim/TestData.wim")]
    [InlineData("wim/macpacker.wim")]
    [InlineData("wim/wimlib-empty_dacl.wim")]
    [InlineData("wim/wimlib-longpaths.wim")]
    [InlineData("wim/split/Split.swm", "wim/split/Split2.swm")]
    public void Every_digest_is_right(string sample, string? second = null)
    {
        Requires.Tool("wimlib-imagex");
        using ImageSample opened = ImageSample.Open(sample);
        RecordedCheck check = RecordedCheck.Run(opened.Image);
        Assert.Empty(check.Problems);
        int resources = CountResources(sample) + (second is null ? 0 : CountResources(second));
        Assert.Contains($"SHA-1 of {resources} resources", check.Confirmed);
    }

    [Fact]
    public void Names_and_number_of_the_images_are_told()
    {
        using BlockSource volume = Samples.Open("wim/mwl-MultiImage.wim");
        VolumeInfo info = Assert.Single(FileSystems.Probe(volume));
        Assert.Equal("Base", info.Label);
        Assert.Equal(
            ["Base, 3 files", "Changes, 3 files", "Delta, 4 files"],
            info.Details.Where(detail => detail.Key.StartsWith("Image ", StringComparison.Ordinal))
                .Select(detail => detail.Value));
        Assert.Contains(new("Compression", "LZX, chunks of 32768 bytes"), info.Details);
        using FileTree second = Open(volume, 2);
        Assert.Equal("Changes", second.Volume.Label);
        Assert.Contains(
            "image 4 of a WIM with 3",
            Assert.Throws<UnsupportedFeatureException>(() => Open(volume, 4)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_whose_digest_differs_is_reported()
    {
        using ImageSample opened = ImageSample.Open("wim/wimlib-corrupted_file_1.wim");
        RecordedCheck check = RecordedCheck.Run(opened.Image);
        Assert.Contains("SHA-1", Assert.Single(check.Problems).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tree_that_cannot_be_decoded_is_an_error_and_is_reported()
    {
        using ImageSample opened = ImageSample.Open("wim/mwl-VerifyFail.wim");
        Assert.Throws<ImageFormatException>(() => Open(opened.Image.Content, 1));
        Assert.NotEmpty(RecordedCheck.Run(opened.Image).Problems);
    }

    [Fact]
    public void A_file_that_is_cut_off_is_told()
    {
        using BlockSource whole = Samples.Open("wim/mwl-LZX.wim");
        using SliceSource cut = new(whole, 0, 1500);
        using DiskImage image = ImageFormats.Open(new ImageOpener(cut, "cut.wim", null, new BlockCache(1 << 20)), null);
        Assert.Contains("ends at byte 1500", Assert.Single(image.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_that_contains_itself_is_an_error()
    {
        using BlockSource volume = Samples.Open("wim/wimlib-cyclic.wim");
        using FileTree tree = Open(volume, 1);
        Assert.Throws<ImageFormatException>(() => HostTree.Of(tree, full: false));
    }

    [Fact]
    public void A_later_part_is_refused_and_a_missing_one_is_named()
    {
        ImageFormatException later =
            Assert.Throws<ImageFormatException>(() => ImageSample.Open("wim/split/Split2.swm").Dispose());
        Assert.Contains("open the first one", later.Message, StringComparison.Ordinal);
        using TemporaryFolder folder = new();
        File.Copy(Samples.Get("wim/split/Split.swm"), folder["name.swm"]);
        using FolderFiles files = new(folder.Path, "name.swm");
        ImageFormatException missing = Assert.Throws<ImageFormatException>(() =>
            ImageFormats.Open(new ImageOpener(files.First, "name.swm", files, new BlockCache(1 << 20)), null));
        Assert.Contains("'name2.swm'", missing.Message, StringComparison.Ordinal);
    }

    private static int CountResources(string sample) =>
        Tool.Run("wimlib-imagex", "info", Samples.Get(sample), "--blobs").Text.Split("Hash ").Length - 1;

    private static FileTree Open(BlockSource volume, int image) =>
        WimFileSystem.Open(volume, new FileTreeOptions(new BlockCache(4 << 20)) { Session = image });
}
