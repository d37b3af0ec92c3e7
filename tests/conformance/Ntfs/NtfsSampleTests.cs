using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Ntfs;

/// <summary>Volumes of Windows and others, against what 7z and The Sleuth Kit extract from them.</summary>
public sealed class NtfsSampleTests
{
    [Theory]
    [InlineData("ewf/velocidex-ntfs.E01")]
    [InlineData("vmdk/sf-monolithicSparse.vmdk.xz")]
    [InlineData("blkid/ntfs.img.xz")]
    public void Files_are_those_that_7z_and_sleuthkit_extract(string name)
    {
        Requires.Tool([.. SleuthKit.Tools, "7z", "blkid"]);
        using ImageSample sample = ImageSample.Open(name);
        using TemporaryFolder folder = new();
        using BlockSource volume = VolumeOf(sample.Disk);
        File.WriteAllBytes(folder["volume"], volume.ReadBytes(0, (int)volume.Length));
        using FileTree tree = FileSystems.Open(volume, "ntfs", new FileTreeOptions(new BlockCache(4 << 20)));
        NtfsMountedTests.CompareWithBlkid(tree.Volume, folder["volume"]);
        SleuthKit.AssertSame(
            tree,
            folder["volume"],
            "ntfs",
            path => !path.StartsWith('$') && !path.Contains(':', StringComparison.Ordinal)
                || path.StartsWith("$RECYCLE.BIN", StringComparison.OrdinalIgnoreCase));

        Tool.Run("7z", "x", "-tntfs", "-y", "-o" + folder["out"], folder["volume"]);
        SortedDictionary<string, string> expected = HostTree.Of(folder["out"], full: false);
        foreach (string path in expected.Keys.ToArray())
        {
            if (path.StartsWith("[SYSTEM]", StringComparison.Ordinal) || path.Contains(':', StringComparison.Ordinal))
            {
                expected.Remove(path);
            }
        }

        HostTree.AssertSame(expected, HostTree.Of(tree, full: false));
    }

    [Fact]
    public void A_disk_that_ends_before_the_mft_is_named_and_refused()
    {
        using BlockSource disk = Samples.Open("raw/manageiq-mbr.img");
        using BlockSource volume = VolumeOf(disk);
        VolumeInfo info = Assert.Single(FileSystems.Probe(volume));
        Assert.Equal("ntfs", info.FileSystem);
        Assert.Contains(info.Warnings, warning => warning.Contains("master file table", StringComparison.Ordinal));
        Assert.Throws<ImageFormatException>(
            () => FileSystems.Open(volume, null, new FileTreeOptions(new BlockCache(1 << 20))));
    }

    private static SliceSource VolumeOf(BlockSource disk)
    {
        Partition? partition = PartitionTables.Read(disk)?.Partitions.FirstOrDefault();
        return partition is null
            ? new SliceSource(disk, 0, disk.Length)
            : new SliceSource(disk, partition.Offset, partition.Length);
    }
}
