using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Apfs;

/// <summary>Containers that macOS made, against what 7z and fsapfsinfo find in them.</summary>
public sealed class ApfsSampleTests
{
    private const string Raw = "raw/dfvfs-apfs.raw.xz";

    public static TheoryData<string> AllSamples { get; } =
    [
        Raw,
        "blkid/apfs.img.xz",
        "dmg/shockpkg-test-archive-apfs.dmg",
        "dmg/sparkle-SparkleTestCodeSign_pkg.dmg",
        "dmg/dmgwiz-input_bzip2.dmg",
        "dmg/dmgwiz-input_lzma.dmg",
        "dmg/dmgwiz-input_ro.dmg.xz",
        "dmg/dmgwiz-input_zlib.dmg",
    ];

    [Theory]
    [MemberData(nameof(AllSamples))]
    public void Files_are_those_that_7z_extracts(string name)
    {
        RequireApfs();
        using ImageSample sample = ImageSample.Open(name);
        using BlockSource volume = AppleFiles.VolumeOf(sample.Disk, "apfs");
        using FileTree tree = Open(volume);
        AppleFiles.CompareWith7z("apfs", volume, tree, string.Empty);
        TreeContract.EntriesAreFound(tree);
    }

    [Theory]
    [MemberData(nameof(AllSamples))]
    public void Nodes_have_the_numbers_owners_modes_and_times_of_7z(string name)
    {
        RequireApfs();
        using ImageSample sample = ImageSample.Open(name);
        using BlockSource volume = AppleFiles.VolumeOf(sample.Disk, "apfs");
        using FileTree tree = Open(volume);
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["volume"], volume.ReadBytes(0, (int)volume.Length));
        SortedDictionary<string, string> expected = new(StringComparer.Ordinal);
        foreach (string block in Tool.TryRun("7z", "l", "-slt", "-tapfs", folder["volume"]).Text.Split("\n\n"))
        {
            Dictionary<string, string> values = block.Split('\n').Select(line => line.Split(" = ", 2))
                .Where(pair => pair.Length == 2).GroupBy(pair => pair[0]).ToDictionary(g => g.Key, g => g.Last()[1]);
            if (values.GetValueOrDefault("Alternate Stream") == "-")
            {
                string links = values["Links"].Length == 0 ? "1" : values["Links"];
                expected[values["Path"]] = $"{values["Mode"]} {links} {values["User ID"]} {values["Group ID"]} "
                    + $"{values["iNode"]} {values["Modified"]} {values["Created"]} {values["Accessed"]} "
                    + values["Metadata Changed"];
            }
        }

        SortedDictionary<string, string> actual = new(StringComparer.Ordinal);
        foreach ((string path, _, DirectoryEntry entry) in TreeWalk.AllPaths(tree))
        {
            NodeInfo node = entry.Node;
            actual[path] = $"{ModeText(node)} {node.Links} {node.Uid} {node.Gid} {node.Inode} "
                + $"{TimeText(node.Modified)} {TimeText(node.Created!.Value)} "
                + $"{TimeText(node.Accessed)} {TimeText(node.Changed)}";
        }

        HostTree.AssertSame(expected, actual);
    }

    [Fact]
    public void Names_are_those_that_fsapfsinfo_lists()
    {
        Requires.Tool("fsapfsinfo");
        using BlockSource volume = Samples.Open(Raw);
        using FileTree tree = Open(volume);
        string[] expected = [.. Tool.Run("fsapfsinfo", "-H", Samples.Get(Raw)).Text.Split('\n')
            .Where(line => line.StartsWith('/'))
            .Select(line => line[(line.IndexOf("}/", StringComparison.Ordinal) + 2)..])
            .Where(path => path.Length > 0)];
        Assert.NotEmpty(expected);
        Assert.Equal(expected.Order(), TreeWalk.AllPaths(tree).Select(item => item.Path).Order());
    }

    [Theory]
    [InlineData(Raw, "apfs_test")]
    [InlineData("blkid/apfs.img.xz", "testapfs")]
    public void Sample_has_the_uuid_of_blkid_and_the_name_of_its_volume(string name, string label)
    {
        Requires.Tool("blkid");
        using BlockSource volume = Samples.Open(name);
        VolumeInfo info = FileSystems.Probe(volume).Single();
        Dictionary<string, string> expected = Blkid.Probe(Samples.Get(name));
        Assert.Equal((expected["TYPE"], expected["UUID"]), (info.FileSystem, info.Uuid));
        Assert.Equal(label, info.Label);
        Assert.Contains(KeyValuePair.Create("Volume 1", label), info.Details);
        Assert.Empty(info.Warnings);
    }

    [Fact]
    public void Container_of_mkapfs_is_opened()
    {
        Requires.Tool("mkapfs");
        using TemporaryFolder folder = new();
        Tool.Shell($"PATH=$PATH:/usr/sbin; truncate -s 700M {folder["image"]}; mkapfs -L Größe -s {folder["image"]}");
        using Linux.FileSource volume = Linux.FileSource.Open(folder["image"]);
        using FileTree tree = Open(volume);
        Assert.Equal("Größe", tree.Volume.Label);
        Assert.Equal(volume.Length, tree.Volume.Length);
        Assert.Empty(TreeWalk.All(tree));
        Assert.Contains(KeyValuePair.Create("Volume 1", "Größe (case-sensitive)"), tree.Volume.Details);
    }

    private static FileTree Open(BlockSource volume) =>
        FileSystems.Open(volume, null, new FileTreeOptions(new BlockCache(4 << 20)));

    private static void RequireApfs()
    {
        Requires.Tool("7z");
        Assert.SkipUnless(
            Tool.Run("7z", "i").Text.Contains(" APFS ", StringComparison.Ordinal), "needs a 7z that reads APFS");
    }

    private static string TimeText(Timestamp time) =>
        DateTimeOffset.FromUnixTimeSeconds(time.Seconds).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)
        + string.Create(CultureInfo.InvariantCulture, $".{time.Nanoseconds:D9}");

    private static string ModeText(NodeInfo node)
    {
        char type = node.Type switch { FileType.Directory => 'd', FileType.SymbolicLink => 'l', _ => '-' };
        string bits = string.Concat(Enumerable.Range(0, 9).Select(
            bit => (node.Permissions & (0x100 >> bit)) != 0 ? "rwx"[bit % 3] : '-'));
        return type + bits;
    }
}
