using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.Linux;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Hfs;

/// <summary>Volumes of hfsutils, genisoimage and Mac OS against what hfsutils list and extract.</summary>
public sealed class HfsToolTests
{
    private const string FinderInfo = "user.com.apple.FinderInfo";
    private const string ResourceFork = "user.com.apple.ResourceFork";

    // 1904-01-01 in seconds before 1970-01-01.
    private const long Epoch = 2_082_844_800;

    [Fact]
    public void Files_have_forks_attributes_and_times()
    {
        using TemporaryFolder folder = new();
        Requires.Tool("hformat");
        byte[] fork = [.. Enumerable.Range(0, 3000).Select(i => (byte)(i * 7))];
        File.WriteAllBytes(folder["both"], HfsImage.MakeMacBinary("both", [.. fork.Reverse()], fork));
        File.WriteAllBytes(folder["resource"], HfsImage.MakeMacBinary("resource", [], fork[..600]));
        HfsImage.Make(folder, "4M", """
            hcopy -m both resource :
            hmkdir ':a folder' ':a folder:inner' ':empty'
            head -c 70000 /dev/urandom > data
            hcopy -r data ':a folder:inner:data'
            hcopy -r data $':caf\x8e a/b'
            hattrib -t TEXT -c ttxt ':a folder:inner:data'
            hattrib +l $':caf\x8e a/b'
            hattrib +i ':both'
            """);
        Compare(folder, 7);
        using FileSource volume = FileSource.Open(folder["image"]);
        using FileTree tree = HfsImage.Open(volume);
        Assert.Equal(0x124, TreeWalk.Find(tree, "café a:b").Permissions);
        Assert.Equal(fork, tree.GetAttribute(TreeWalk.Find(tree, "both").Id, ResourceFork));
        Assert.Equal([FinderInfo, ResourceFork], tree.ListAttributes(TreeWalk.Find(tree, "both").Id));
        Assert.Equal("Volume", tree.Volume.Label);
        Assert.Empty(tree.Volume.Warnings);
        TreeContract.ExtentsAreVerbatim(tree, volume);
    }

    // The table of the base library is older than Unicode's: it has the sign for currency where that for euro is now,
    // and the sign for ohm for a letter.
    [Fact]
    public void Names_are_of_Mac_OS_Roman()
    {
        using TemporaryFolder folder = new();
        Requires.Tool("hformat");
        string[] names = [.. Enumerable.Range(128, 128).Chunk(16)
            .Select(chunk => string.Concat(chunk.Select(value => (char)value)))];
        IEnumerable<string> quoted = names.Select(name => string.Concat(name.Select(value => $"\\x{(int)value:x2}")));
        HfsImage.Make(folder, "1M", string.Join('\n', quoted.Select(name => $"hmkdir $':{name}'")));
        Assert.Equal(names.Order(), HfsImage.List(folder).Select(item => item.Path[1..]).Order());
        using FileSource volume = FileSource.Open(folder["image"]);
        using FileTree tree = HfsImage.Open(volume);
        Assert.Equal(
            names.Select(name => HfsImage.TreePath(":" + name).Replace('¤', '€').Replace('\u2126', 'Ω'))
                .Order(StringComparer.Ordinal),
            TreeWalk.All(tree).Select(item => TreeWalk.Text(item.Entry.Name)).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("3M", 512)]
    [InlineData("160M", 2560)]
    public void Large_catalogs_and_files_in_many_pieces_are_read(string size, int blockSize)
    {
        using TemporaryFolder folder = new();
        Requires.Tool("hformat");
        HfsImage.Make(folder, size, """
            mkdir many
            for i in {1000..1500}; do echo "content of $i" > "many/a file of number $i"; done
            hmkdir :many
            hcopy -r many/* :many
            for i in {1000..1500..2}; do hdel ":many:a file of number $i"; rm "many/a file of number $i"; done
            free=$(hvol | sed -n 's/.* has \([0-9]*\) bytes.*/\1/p')
            head -c $((free < 4000000 ? free - 20000 : 600000)) /dev/urandom > many/big
            hcopy -r many/big :many
            """);
        using FileSource volume = FileSource.Open(folder["image"]);
        using FileTree tree = HfsImage.Open(volume);
        Assert.Equal(blockSize, tree.Statistics.BlockSize);
        Assert.Equal(tree.Statistics.Files, TreeWalk.All(tree).Count() + 1);
        HostTree.AssertSame(
            HostTree.Of(folder["many"], full: false),
            new(HostTree.Of(tree, full: false).Where(item => item.Key.StartsWith("many/", StringComparison.Ordinal))
                .ToDictionary(item => item.Key["many/".Length..], item => item.Value), StringComparer.Ordinal));
        TreeContract.ExtentsAreVerbatim(tree, volume);
        Assert.Equal(
            HfsImage.List(folder).Select(item => (HfsImage.TreePath(item.Path), item.Id)).Order(),
            TreeWalk.AllPaths(tree).Select(item => (item.Path, item.Entry.Node.Inode)).Order());

        // More extents than the three of the catalog.
        using BlockSource file = tree.OpenFile(TreeWalk.Find(tree, "many/big").Id);
        int extents = 0;
        for (long offset = 0; offset < file.Length; offset = file.GetExtent(offset).End)
        {
            extents++;
        }

        Assert.True(extents > 3 || blockSize != 512, $"the file has {extents} extents only");
    }

    [Fact]
    public void Volume_without_its_first_block_is_read_by_the_copy_with_a_warning()
    {
        using TemporaryFolder folder = new();
        Requires.Tool("hformat");
        HfsImage.Make(folder, "1M", "echo text > file; hcopy -r file :; hmkdir ':a folder'");
        byte[] bytes = File.ReadAllBytes(folder["image"]);
        using MemorySource good = new(bytes.ToArray());
        using FileTree expected = HfsImage.Open(good);
        bytes.AsSpan(1024, 512).Clear();
        using MemorySource damaged = new(bytes);
        using FileTree actual = FileSystems.Open(damaged, null, new FileTreeOptions(new BlockCache(1 << 20)));
        Assert.Contains("the master directory block is damaged", actual.Volume.Warnings[0], StringComparison.Ordinal);
        HostTree.AssertSame(HostTree.Of(expected, full: true), HostTree.Of(actual, full: true));

        // Another file system that was made in its place is not taken for it.
        "\xeb\x3c\x90MSDOS5.0"u8.CopyTo(bytes);
        Assert.Empty(FileSystems.Probe(damaged));
        bytes.AsSpan(0, 16).Clear();
        bytes.AsSpan(1536).Slice(0, bytes.Length / 2).Clear();
        Assert.Empty(FileSystems.Probe(damaged));
    }

    [Theory]
    [InlineData("-hfs")]
    [InlineData("-hfs -part")]
    public void Hybrid_disc_holds_the_files_of_genisoimage(string options)
    {
        using TemporaryFolder folder = new();
        Requires.Tool("genisoimage", "hformat");
        Tool.Shell($"""
            cd {folder.Path}
            mkdir -p files/folder; echo text > files/file; head -c 70000 /dev/urandom > files/folder/data
            for i in 1 2 3 4 5 6 7 8; do echo $i > files/folder/$i; done
            genisoimage -quiet {options} -hfs-volid 'A volume' -o image files
            """);
        Compare(folder, 13);
        using FileSource disk = FileSource.Open(folder["image"]);
        using BlockSource volume = AppleFiles.VolumeOf(disk, "hfs");
        VolumeInfo info = FileSystems.Probe(volume).Single(found => found.FileSystem == "hfs");
        Assert.Equal("A volume", info.Label);
        Assert.Equal(!options.EndsWith("part", StringComparison.Ordinal), volume.Length == disk.Length);
    }

    // hfsutils takes no volume of less than 800 KiB, but one with zeros behind it.
    [Theory]
    [InlineData("floppy/opf-fat12-hfs.img.xz", 1)]
    [InlineData("floppy/hughbe-hfs400K.dsk.xz", 1)]
    public void Sample_has_the_files_that_hfsutils_find(string name, int count)
    {
        using TemporaryFolder folder = new();
        Requires.Tool("hformat");
        byte[] bytes = File.ReadAllBytes(Samples.Get(name));
        Array.Resize(ref bytes, Math.Max(bytes.Length, 800 << 10));
        File.WriteAllBytes(folder["image"], bytes);
        Compare(folder, count);
    }

    [Fact]
    public void Mfs_is_told_by_its_name()
    {
        using BlockSource volume = Samples.Open("floppy/hughbe-mfs400K.dsk.xz");
        VolumeInfo info = Assert.Single(FileSystems.Probe(volume));
        Assert.Equal("mfs", info.FileSystem);
        UnsupportedFeatureException error = Assert.Throws<UnsupportedFeatureException>(
            () => FileSystems.Open(volume, null, new FileTreeOptions(new BlockCache(1 << 20))));
        Assert.Equal("mfs", error.Format);
    }

    // All names and ids, and of each file what MacBinary has: both forks, type, creator, flags, times.
    private static void Compare(TemporaryFolder folder, int count)
    {
        using FileSource disk = FileSource.Open(folder["image"]);
        using BlockSource volume = AppleFiles.VolumeOf(disk, "hfs");
        using FileTree tree = HfsImage.Open(volume);
        List<HfsListing> listed = HfsImage.List(folder);
        Assert.Equal(count, listed.Count);
        Assert.Equal(
            listed.Select(item => (HfsImage.TreePath(item.Path), item.Id)).Order(),
            TreeWalk.AllPaths(tree).Select(item => (item.Path, item.Entry.Node.Inode)).Order());
        foreach (HfsListing item in listed)
        {
            string path = HfsImage.TreePath(item.Path);
            NodeInfo node = TreeWalk.Find(tree, path);
            Assert.Equal(item.IsFolder ? FileType.Directory : FileType.Regular, node.Type);
            Assert.Equal(item.IsLocked ? 0x124 : item.IsFolder ? 0x1ed : 0x1a4, node.Permissions);
            if (!item.IsFolder)
            {
                CompareForks(tree, node, path, HfsImage.MacBinary(folder, item.Path));
            }
        }
    }

    private static void CompareForks(FileTree tree, NodeInfo node, string path, byte[] expected)
    {
        int data = BinaryPrimitives.ReadInt32BigEndian(expected.AsSpan(83));
        int resource = BinaryPrimitives.ReadInt32BigEndian(expected.AsSpan(87));
        int second = 128 + ((data + 127) / 128 * 128);
        Assert.Equal(expected[128..(128 + data)], TreeWalk.ReadFile(tree, path));
        Assert.Equal(
            resource == 0 ? null : expected[second..(second + resource)], tree.GetAttribute(node.Id, ResourceFork));
        byte[] finder = tree.GetAttribute(node.Id, FinderInfo)!;
        Assert.Equal(expected[65..74], finder[..9]);
        Assert.Equal(BinaryPrimitives.ReadUInt32BigEndian(expected.AsSpan(91)) - Epoch, node.Created!.Value.Seconds);
        Assert.Equal(BinaryPrimitives.ReadUInt32BigEndian(expected.AsSpan(95)) - Epoch, node.Modified.Seconds);
    }
}
