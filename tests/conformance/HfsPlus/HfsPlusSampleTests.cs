using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.HfsPlus;

/// <summary>Volumes that macOS made, against what 7z extracts from them.</summary>
public sealed class HfsPlusSampleTests
{
    [Theory]
    [InlineData("dmg/tika-raw-hfs.dmg.xz")]
    [InlineData("dmg/sparkle-SparkleTestCodeSignApp.dmg")]
    [InlineData("dmg/brew-container.dmg")]
    [InlineData("dmg/shockpkg-test-archive-hfsp.dmg")]
    [InlineData("dmg/subclipse.dmg")]
    [InlineData("dmg/qemu-simple.dmg.bz2")]
    [InlineData("dmg/dfvfs-hfsplus_zlib.dmg")]
    public void Files_are_those_that_7z_extracts(string name)
    {
        Requires.Tool("7z");
        using ImageSample sample = ImageSample.Open(name);
        using BlockSource volume = AppleFiles.VolumeOf(sample.Disk, "hfsplus");
        using FileTree tree = FileSystems.Open(volume, "hfsplus", new FileTreeOptions(new BlockCache(4 << 20)));
        Assert.NotEmpty(TreeWalk.All(tree));
        AppleFiles.CompareWith7z("hfs", volume, tree, tree.Volume.Label ?? string.Empty);
    }

    [Fact]
    public void Sample_has_the_label_and_uuid_of_blkid()
    {
        Requires.Tool("blkid");
        const string Name = "blkid/hfsplus.img.xz";
        Dictionary<string, string> expected = Blkid.Probe(Samples.Get(Name));
        using BlockSource volume = Samples.Open(Name);
        VolumeInfo info = FileSystems.Probe(volume).Single();
        Assert.Equal(expected["TYPE"], info.FileSystem);
        Assert.Equal(expected.GetValueOrDefault("LABEL"), info.Label);
        Assert.Equal(expected.GetValueOrDefault("UUID"), info.Uuid);
    }
}
