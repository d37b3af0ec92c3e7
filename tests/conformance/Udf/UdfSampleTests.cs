using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Udf;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Udf;

/// <summary>Volumes that other people's programs made.</summary>
public class UdfSampleTests
{
    [Theory]
    [InlineData("blkid/udf-bdr-2.60-nero.img.xz")]
    [InlineData("blkid/udf-cd-mkudfiso-20100208.img.xz")]
    [InlineData("blkid/udf-hdd-macosx-2.60-4096.img.xz")]
    [InlineData("blkid/udf-hdd-mkudffs-1.0.0-1.img.xz")]
    [InlineData("blkid/udf-hdd-mkudffs-1.3-1.img.xz")]
    [InlineData("blkid/udf-hdd-mkudffs-1.3-2.img.xz")]
    [InlineData("blkid/udf-hdd-mkudffs-1.3-4.img.xz")]
    [InlineData("blkid/udf-hdd-mkudffs-1.3-5.img.xz")]
    [InlineData("blkid/udf-hdd-mkudffs-1.3-7.img.xz")]
    [InlineData("blkid/udf-hdd-mkudffs-1.3-8.img.xz")]
    [InlineData("blkid/udf-hdd-udfclient-0.7.5.img.xz")]
    [InlineData("blkid/udf-hdd-udfclient-0.7.7.img.xz")]
    [InlineData("udf/ms-UdfTest.iso.xz")]
    [InlineData("iso/ms-multisystem.iso.xz")]
    public void Label_uuid_and_version_are_those_that_blkid_prints(string sample)
    {
        Requires.Tool("blkid");
        using BlockSource volume = Samples.Open(sample);
        VolumeInfo info = UdfFileSystem.Probe(volume)!;
        Dictionary<string, string> blkid = Blkid.Probe(Samples.Get(sample));
        Assert.Equal("udf", blkid["TYPE"]);
        Assert.Equal(blkid.GetValueOrDefault("LABEL"), info.Label);
        Assert.Equal(blkid.GetValueOrDefault("UUID"), info.Uuid);
        Assert.Equal(blkid.GetValueOrDefault("VERSION"), info.Version);
        Assert.Contains(info.Details, detail => detail.Key == "Block size" && detail.Value == blkid["BLOCK_SIZE"]);
    }

    [Theory]
    [InlineData("udf/libcdio-udf102.iso.xz")]
    [InlineData("udf/ms-UdfTest.iso.xz")]
    [InlineData("iso/ms-multisystem.iso.xz")]
    [InlineData("blkid/udf-hdd-mkudffs-1.0.0-1.img.xz")]
    [InlineData("blkid/udf-hdd-mkudffs-1.3-7.img.xz")]
    [InlineData("blkid/udf-hdd-udfclient-0.7.7.img.xz")]
    public void Files_and_their_bytes_are_those_that_7z_finds(string sample)
    {
        Requires.Tool("7z");
        string image = Samples.Get(sample);
        using BlockSource volume = Samples.Open(sample);
        using FileTree tree = UdfSample.OpenTree(volume);
        Assert.Equal(
            SevenZip.List(image), TreeWalk.AllPaths(tree).Select(SevenZip.Line).Order(StringComparer.Ordinal));
        foreach ((string path, _, DirectoryEntry entry) in TreeWalk.AllPaths(tree))
        {
            if (entry.Node.Type == FileType.Regular)
            {
                byte[] bytes = Tool.Run("7z", "x", "-tudf", "-so", image, path).Output;
                Assert.Equal(bytes, TreeWalk.ReadFile(tree, path));
            }
        }
    }

    // The lines are what Linux 6.1 said of these samples, its overflow ids put as the 0 that stands for none here.
    [Theory]
    [InlineData(
        "blkid/udf-hdd-macosx-2.60-4096.img.xz",
        "metadata",
        ".\td\t755\t501\t501\t2\t40\t0\t1514490355861644000\t1514490355861644000\t1514490355861644000\t-\t-\t-")]
    [InlineData(
        "blkid/udf-bdr-2.60-nero.img.xz",
        "virtual",
        ".\td\t777\t0\t0\t2\t88\t4\t1255185866000000000\t1255185866000000000\t1255185866000000000\t-\t-\t-",
        "test.txt\tf\t777\t0\t0\t1\t0\t0\t1255180786000000000\t1255180786000000000\t1255180786000000000\t-\t-\t"
            + "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    public void Metadata_and_virtual_partitions_of_other_writers_read_as_in_the_kernel(
        string sample, string partition, params string[] listing)
    {
        using BlockSource volume = Samples.Open(sample);
        using FileTree tree = UdfSample.OpenTree(volume);
        Assert.Equal(listing, UdfSample.Listing(tree));
        Assert.Equal("physical, " + partition, tree.Volume.Details.Single(detail => detail.Key == "Partitions").Value);
    }
}
