using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.ExFat;

/// <summary>Volumes of others, against what The Sleuth Kit extracts from them.</summary>
public sealed class ExFatSampleTests
{
    [Theory]
    [InlineData("raw/go-exfat.img.xz")]
    [InlineData("blkid/exfat.img.xz")]
    public void Files_are_those_that_sleuthkit_extracts(string name)
    {
        Requires.Tool([.. SleuthKit.Tools, "blkid"]);
        using BlockSource volume = Samples.Open(name);
        using FileTree tree = FileSystems.Open(volume, null, new FileTreeOptions(new BlockCache(4 << 20)));
        Assert.Equal("exfat", tree.Volume.FileSystem);
        ExFatMountedTests.CompareWithBlkid(tree.Volume, Samples.Get(name));
        SleuthKit.AssertSame(
            tree,
            Samples.Get(name),
            "exfat",
            path => !path.StartsWith('$') && !path.EndsWith(" (Volume Label Entry)", StringComparison.Ordinal));
    }
}
