using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Linux;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.ExFat;

/// <summary>What the tree shows, against what exfat-fuse shows of the same volume, and fsck.exfat and blkid say of
/// it.</summary>
public sealed class ExFatMountedTests
{
    [Theory]
    [InlineData("-c 4096 -L Größe", "64M")]
    [InlineData("-c 512", "32M")]
    [InlineData("-c 131072", "128M")]
    [InlineData("-c 1048576", "512M")]
    public void The_tree_is_what_exfat_fuse_shows(string options, string size)
    {
        Requires.Tool([.. ExFatImage.Tools, "blkid", "fsck.exfat"]);
        using TemporaryFolder folder = new();
        string image = ExFatImage.Make(
            folder,
            options,
            size,
            $". '{ExFatImage.Scripts}/populate.sh'",
            HostListing.Commands + "\nstat -f -c '%b %f %S' . > ../space");
        Tool.Run("fsck.exfat", "-n", image);
        using FileSource volume = FileSource.Open(image);
        using FileTree tree = ExFatImage.Open(volume);
        Assert.Empty(tree.Volume.Warnings);
        CompareWithBlkid(tree.Volume, image);

        HostListing listing = new(folder, HostListing.NodesOf(tree));
        listing.AssertNodes(Comparable);
        listing.AssertContent(tree);
        TreeContract.EntriesAreFound(tree);
        TreeContract.ExtentsAreVerbatim(tree, volume);
        Assert.False(tree.TryLookup(tree.Root.Id, "upper and lower.txt"u8, out _));
        using BlockSource random = tree.OpenFile(TreeWalk.Find(tree, "dir/a/random").Id);
        Assert.NotNull(random.GetExtent(0).Host);

        string[] space = File.ReadAllText(folder["space"]).Split(' ');
        long block = long.Parse(space[2], CultureInfo.InvariantCulture);
        Assert.Equal(long.Parse(space[1], CultureInfo.InvariantCulture) * block, tree.Statistics.FreeBytes);
    }

    [Fact]
    public void Every_name_of_a_large_directory_is_found()
    {
        Requires.Tool(ExFatImage.Tools);
        using TemporaryFolder folder = new();
        string image = ExFatImage.Make(
            folder,
            "-c 4096",
            "64M",
            "mkdir many; seq -f 'entry-with-a-longer-name-%05g' 10000 | (cd many && xargs touch); (cd many && rm *7)",
            "ls -U many > ../names");
        using FileSource volume = FileSource.Open(image);
        using FileTree tree = ExFatImage.Open(volume);
        NodeInfo many = TreeWalk.Find(tree, "many");
        string[] expected = File.ReadAllLines(folder["names"]);
        Assert.Equal(9000, expected.Length);
        Assert.Equal(
            expected.Order(StringComparer.Ordinal),
            tree.ReadDirectory(many.Id, 0).Select(entry => TreeWalk.Text(entry.Name)).Order(StringComparer.Ordinal));
        TreeContract.EntriesAreFound(tree);
        Assert.False(tree.TryLookup(many.Id, "entry-with-a-longer-name-00007"u8, out _));
    }

    internal static void CompareWithBlkid(VolumeInfo info, string image)
    {
        Dictionary<string, string> blkid = Blkid.Probe(image);
        Assert.Equal(blkid["TYPE"], info.FileSystem);
        Assert.Equal(blkid["VERSION"], info.Version);
        Assert.Equal(blkid.GetValueOrDefault("LABEL"), info.Label);
        Assert.Equal(blkid.GetValueOrDefault("UUID"), info.Uuid);
    }

    // Path, type, length and time of change: the rest exfat-fuse makes up.
    private static string Comparable(string line)
    {
        string[] fields = line.Split('\t');
        string type = fields[1][..1];
        string[] shown = [fields[0], type, type == "8" ? fields[5] : "-", fields[11]];
        return string.Join('\t', shown);
    }
}
