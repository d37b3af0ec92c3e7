using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.SquashFs;
using Imaged.Linux;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.SquashFs;

/// <summary>Volumes that other people made.</summary>
public sealed class SquashFsSampleTests
{
    [Theory]
    [InlineData("squashfs/mime.sqsh")]
    [InlineData("squashfs/macpacker.squashfs")]
    [InlineData("blkid/squashfs4.img.xz")]
    public void Files_are_what_unsquashfs_extracts(string sample)
    {
        Requires.Tool("unsquashfs", "blkid");
        string path = Samples.Get(sample);
        using TemporaryFolder folder = new();
        Tool.Run("unsquashfs", "-n", "-d", folder["out"], path);
        using BlockSource volume = FileSource.Open(path);
        using FileTree tree = FileSystemsOpen(volume);
        HostTree.AssertSame(HostTree.Of(folder["out"], full: false), HostTree.Of(tree, full: false));
        Assert.Equal("squashfs", tree.Volume.KernelType);
        string told = Tool.Run("blkid", "-p", "-o", "export", path).Text;
        Assert.Contains("TYPE=squashfs\n", told, StringComparison.Ordinal);
        Assert.Contains($"VERSION={tree.Volume.Version}\n", told, StringComparison.Ordinal);
    }

    [Fact]
    public void Version_3_is_recognised_and_refused_by_name()
    {
        using BlockSource volume = Samples.Open("blkid/squashfs3.img.xz");
        VolumeInfo? info = SquashFsFileSystem.Probe(volume);
        Assert.Equal("3.1", info?.Version);
        Assert.Null(info?.KernelType);
        Assert.Contains(
            "3.1",
            Assert.Throws<UnsupportedFeatureException>(() => FileSystemsOpen(volume)).Feature,
            StringComparison.Ordinal);
    }

    private static FileTree FileSystemsOpen(BlockSource volume) =>
        SquashFsFileSystem.Open(volume, new FileTreeOptions(new BlockCache(4 << 20)));
}
