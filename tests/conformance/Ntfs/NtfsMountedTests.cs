using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Linux;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Ntfs;

/// <summary>What the tree shows, against what ntfs-3g shows of the same volume.</summary>
public sealed class NtfsMountedTests
{
    [Theory]
    [InlineData("-c 4096 -L 'Größe'", "96M", true)]
    [InlineData("-c 512", "96M", true)]
    [InlineData("-c 2048 -s 1024", "96M", true)]
    [InlineData("-c 4096 -s 4096", "96M", true)]
    [InlineData("-c 65536", "256M", false)]
    [InlineData("-c 2097152", "3G", false)]
    public void The_tree_is_what_ntfs3g_shows(string options, string size, bool canCompress)
    {
        Requires.Tool([.. NtfsImage.Tools, "blkid"]);
        using TemporaryFolder folder = new();
        string fill = $". '{NtfsImage.Scripts}/populate.sh'"
            + (canCompress ? $"\n. '{NtfsImage.Scripts}/populate-compressed.sh'" : string.Empty);
        string image = NtfsImage.Make(
            folder, options, size, fill, HostListing.Commands + "\n" + HostListing.AttributeCommand);
        using FileSource volume = FileSource.Open(image);
        using FileTree tree = NtfsImage.Open(volume);
        Assert.Empty(tree.Volume.Warnings);
        Assert.Equal("3.1", tree.Volume.Version);
        CompareWithBlkid(tree.Volume, image);

        HostListing listing = new(folder, HostListing.NodesOf(tree));
        listing.AssertNodes(Comparable);
        listing.AssertContent(tree);
        listing.AssertAttributes(tree);
        TreeContract.EntriesAreFound(tree);
        TreeContract.ExtentsAreVerbatim(tree, volume);
        Assert.False(tree.TryLookup(tree.Root.Id, "$MFT"u8, out _));
        Assert.False(tree.TryLookup(tree.Root.Id, "CASE"u8, out _));

        NodeInfo big = TreeWalk.Find(tree, "big-sparse");
        using BlockSource sparse = tree.OpenFile(big.Id);
        Assert.Equal("end"u8.ToArray(), sparse.ReadBytes(5_000_000_000, 3));
        Assert.Equal(ExtentKind.Zero, sparse.GetExtent(0).Kind);
        using BlockSource random = tree.OpenFile(TreeWalk.Find(tree, "dir/a/random").Id);
        Assert.NotNull(random.GetExtent(0).Host);
        Assert.Equal(3u, TreeWalk.Find(tree, "dir/a/random").Links);
        Assert.Equal(0x16d, TreeWalk.Find(tree, "size-59").Permissions);
        if (canCompress)
        {
            using BlockSource numbers = tree.OpenFile(TreeWalk.Find(tree, "compressed/numbers").Id);
            Assert.Null(numbers.GetExtent(0).Host);
            Assert.True(TreeWalk.Find(tree, "compressed/numbers").AllocatedBytes < numbers.Length);
        }
    }

    [Fact]
    public void Every_name_of_a_large_directory_is_found()
    {
        Requires.Tool(NtfsImage.Tools);
        using TemporaryFolder folder = new();
        string image = NtfsImage.Make(
            folder,
            "-c 4096",
            "96M",
            "mkdir many; seq -f 'entry-with-a-longer-name-%05g' 10000 | (cd many && xargs touch); "
                + "(cd many && rm *7)",
            "ls -U many > ../names");
        using FileSource volume = FileSource.Open(image);
        using FileTree tree = NtfsImage.Open(volume);
        NodeInfo many = TreeWalk.Find(tree, "many");
        string[] expected = File.ReadAllLines(folder["names"]);
        Assert.Equal(9000, expected.Length);
        Assert.Equal(
            expected.Order(StringComparer.Ordinal),
            tree.ReadDirectory(many.Id, 0).Select(entry => TreeWalk.Text(entry.Name)).Order(StringComparer.Ordinal));
        TreeContract.EntriesAreFound(tree);
        Assert.False(tree.TryLookup(many.Id, "entry-with-a-longer-name-00007"u8, out _));
    }

    [Fact]
    public void Fragments_are_put_together_and_so_is_a_fragmented_mft()
    {
        Requires.Tool([.. NtfsImage.Tools, "ntfsinfo"]);
        using TemporaryFolder folder = new();

        // Only every other cluster is free when the large file and many records are made.
        string image = NtfsImage.Make(
            folder,
            "-c 512 -z 1",
            "12M",
            """
            mkdir fill many
            (head -c 12000000 /dev/urandom | split -d -b 1500 -a 5 - fill/) 2> ../full || true
            (cd fill && rm *[13579])
            head -c 2000000 /dev/urandom > fragmented
            (cd fill && rm *[48])
            seq -f 'record-%05g' 3000 | (cd many && xargs touch)
            """,
            HostListing.Commands);
        using FileSource volume = FileSource.Open(image);
        using FileTree tree = NtfsImage.Open(volume);
        HostListing listing = new(folder, HostListing.NodesOf(tree));
        listing.AssertNodes(Comparable);
        listing.AssertContent(tree);
        TreeContract.ExtentsAreVerbatim(tree, volume);
        foreach (string[] which in (string[][])[["-F", "/fragmented"], ["-i", "0"]])
        {
            string facts = Tool.Run("ntfsinfo", [.. which, image]).Text;
            Assert.Contains("ATTRIBUTE_LIST", facts, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_creation_time_is_that_of_ntfs3g_and_free_space_is_that_of_statfs()
    {
        Requires.Tool(NtfsImage.Tools);
        using TemporaryFolder folder = new();
        string image = NtfsImage.Make(
            folder,
            "-c 4096",
            "16M",
            "echo content > file; head -c 300000 /dev/urandom > random",
            "getfattr --only-values -n system.ntfs_crtime file > ../created; stat -f -c '%b %f %S' . > ../space");
        using FileSource volume = FileSource.Open(image);
        using FileTree tree = NtfsImage.Open(volume);
        long ticks = BitConverter.ToInt64(File.ReadAllBytes(folder["created"]));
        Assert.Equal(
            Timestamp.From(DateTimeOffset.FromFileTime(ticks)), TreeWalk.Find(tree, "file").Created);
        string[] space = File.ReadAllText(folder["space"]).Split(' ');
        long block = long.Parse(space[2], CultureInfo.InvariantCulture);
        Assert.Equal(long.Parse(space[0], CultureInfo.InvariantCulture) * block, tree.Statistics.TotalBytes);
        Assert.Equal(long.Parse(space[1], CultureInfo.InvariantCulture) * block, tree.Statistics.FreeBytes);
    }

    internal static void CompareWithBlkid(VolumeInfo info, string image)
    {
        Dictionary<string, string> blkid = Blkid.Probe(image);
        Assert.Equal(blkid["TYPE"], info.FileSystem);
        Assert.Equal(blkid.GetValueOrDefault("LABEL"), info.Label);
        Assert.Equal(blkid.GetValueOrDefault("UUID"), info.Uuid);
    }

    // Path, type, links, length, inode, times: ntfs-3g gives permissions and the length of directories another way, and
    // devices without their numbers when it lists.
    private static string Comparable(string line)
    {
        string[] fields = line.Split('\t');
        bool isDirectory = fields[1].StartsWith('4');
        fields[1] = fields[1][..1];
        fields[2] = isDirectory ? "-" : fields[2];
        fields[5] = fields[1] is "8" or "a" ? fields[5] : "-";
        fields[6] = "-";
        fields[13] = "-";
        return string.Join('\t', fields);
    }
}
