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
        using BlockSource volume = VolumeOf(sample.Disk);
        using FileTree tree = FileSystems.Open(volume, "hfsplus", new FileTreeOptions(new BlockCache(4 << 20)));
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["volume"], volume.ReadBytes(0, (int)volume.Length));
        Tool.TryRun("7z", "x", "-thfs", "-y", "-o" + folder["out"], folder["volume"]);

        // 7z puts all below a folder of the volume's name. Attributes and resource forks are files of their own there.
        string label = tree.Volume.Label ?? string.Empty;
        string root = Path.Combine(folder["out"], label);
        SortedDictionary<string, string> actual = HostTree.Of(tree, full: false);
        SortedDictionary<string, string> expected = HostTree.Of(root, full: false);
        foreach (string path in expected.Keys.ToArray())
        {
            if (path.LastIndexOf(':') is > 0 and int colon && expected.ContainsKey(path[..colon]))
            {
                CompareAttribute(tree, path[..colon], path[(colon + 1)..], Path.Combine(root, path));
                expected.Remove(path);
            }
            else if (path.Contains("HFS+ Private", StringComparison.Ordinal))
            {
                expected.Remove(path);
            }
            else if (actual.GetValueOrDefault(path)?.StartsWith("l ", StringComparison.Ordinal) == true)
            {
                // It changes or leaves out targets that lead out of where it extracts to; their text it prints.
                expected[path] = "l " + Tool.Run("7z", "e", "-so", "-thfs", folder["volume"], $"{label}/{path}").Text;
            }
        }

        Assert.NotEmpty(actual);
        HostTree.AssertSame(expected, actual);
    }

    private static void CompareAttribute(FileTree tree, string path, string name, string expected)
    {
        ulong node = TreeWalk.Find(tree, path).Id;
        byte[]? value = tree.GetAttribute(node, "user." + (name == "rsrc" ? "com.apple.ResourceFork" : name));
        byte[] bytes = File.ReadAllBytes(expected);
        Assert.True(
            value is null ? bytes.Length > 65536 : bytes.AsSpan().SequenceEqual(value), $"attribute {name} of {path}");
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

    private static BlockSource VolumeOf(BlockSource disk)
    {
        foreach (Partition partition in PartitionTables.Read(disk)?.Partitions ?? [])
        {
            SliceSource slice = new(disk, partition.Offset, partition.Length);
            if (FileSystems.Find("hfsplus")!.Probe(slice) is not null)
            {
                return slice;
            }
        }

        return new SliceSource(disk, 0, disk.Length);
    }
}
