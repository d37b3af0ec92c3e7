using Imaged.Blocks;
using Imaged.Formats.Ext;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Ext;

/// <summary>What the tree shows, against what the kernel's driver shows of the same volume.</summary>
public sealed class ExtMountedTests
{
    [Theory]
    [InlineData("mkfs.ext2 -F -b 1024 -I 128", "", "ext2")]
    [InlineData("mkfs.ext2 -F -b 4096 -O ^dir_index,^filetype", "", "ext2")]
    [InlineData("mkfs.ext3 -F -b 1024", "MANY=5000", "ext3")]
    [InlineData("mkfs.ext4 -F", "MANY=5000", "ext4")]
    [InlineData("mkfs.ext4 -F -b 1024 -O 64bit,metadata_csum,inline_data -I 256", "MANY=5000", "ext4")]
    [InlineData("mkfs.ext4 -F -O inline_data -I 1024 -E hash_seed=01234567-89ab-cdef-0123-456789abcdef", "", "ext4")]
    [InlineData("mkfs.ext4 -F -b 1024 -O bigalloc -C 16384", "", "ext4")]
    [InlineData("mkfs.ext4 -F -O bigalloc,large_dir -C 65536", "", "ext4")]
    [InlineData("mkfs.ext4 -F -b 1024 -O meta_bg,^resize_inode,^64bit", "", "ext4")]
    [InlineData("mkfs.ext4 -F -b 2048 -O meta_bg,^resize_inode,64bit,sparse_super2 -g 4096", "", "ext4")]
    [InlineData("mkfs.ext4 -F -O ^flex_bg,uninit_bg,^metadata_csum,^64bit", "", "ext4")]
    [InlineData("mkfs.ext4 -F -O ea_inode,^has_journal", "BIGATTR=20000", "ext4")]
    public void The_tree_is_what_the_kernel_shows(string make, string environment, string variant)
    {
        Requires.Root();
        Requires.Tool("mkfs.ext4", "setfacl", "setfattr", "getfattr");
        using TemporaryFolder folder = new();
        string image = ExtImage.MakeMounted(folder, make, environment);
        using BlockSource volume = ExtImage.OpenVolume(image);
        using FileTree tree = ExtImage.Open(volume);
        Assert.Equal(variant, tree.Volume.Version);
        Assert.Empty(tree.Volume.Warnings);

        HostListing listing = new(folder, HostListing.NodesOf(tree));
        listing.AssertNodes(line => line);
        listing.AssertContent(tree);
        listing.AssertAttributes(tree);
        TreeContract.EntriesAreFound(tree);
        TreeContract.ExtentsAreVerbatim(tree, volume);

        Assert.Equal("end"u8.ToArray(), Tail(tree, "big-sparse", 3));
        Assert.Contains(ExtentKind.Zero, Kinds(tree, "big-sparse"));
        Assert.Contains(ExtentKind.Zero, Kinds(tree, "sparse"));
        Assert.Contains(ExtentKind.Data, Kinds(tree, "dir/a/random"));
        using BlockSource random = tree.OpenFile(TreeWalk.Find(tree, "dir/a/random").Id);
        Assert.NotNull(random.GetExtent(0).Host);
    }

    [Theory]
    [InlineData("half_md4")]
    [InlineData("tea")]
    [InlineData("legacy")]
    public void Every_name_of_a_large_directory_is_found_by_its_hash(string hash)
    {
        Requires.Root();
        Requires.Tool("mkfs.ext4", "tune2fs", "setfacl", "setfattr");
        using TemporaryFolder folder = new();
        string make = $"make() {{ mkfs.ext4 -F -b 1024 \"$1\"; tune2fs -E hash_alg={hash} \"$1\"; }}; make";
        string image = ExtImage.MakeMounted(folder, make, "MANY=20000", "256M");
        using BlockSource volume = ExtImage.OpenVolume(image);
        using FileTree tree = ExtImage.Open(volume);
        NodeInfo many = TreeWalk.Find(tree, "many");
        ExtSuperblock superblock = ExtSuperblock.Read(volume)!;
        using ExtVolume opened = new(volume, superblock, new BlockCache(16 << 20));
        ExtDirectory directory = new(opened, (uint)many.Id);
        int count = 0;
        foreach (DirectoryEntry entry in tree.ReadDirectory(many.Id, 0))
        {
            Assert.True(ExtHashIndex.TryFind(directory, superblock, entry.Name.Span, out uint inode), "a sound index");
            Assert.Equal(entry.Node.Id, inode);
            count++;
        }

        Assert.Equal(20003, count);
        Assert.True(ExtHashIndex.TryFind(directory, superblock, "not there"u8, out uint none));
        Assert.Equal(0u, none);
    }

    [Fact]
    public void A_volume_with_an_unfinished_journal_is_shown_with_a_warning()
    {
        Requires.Root();
        Requires.Tool("mkfs.ext4");
        using TemporaryFolder folder = new();
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            truncate -s 32M image
            mkfs.ext4 -q -F image
            mkdir mnt
            mount -o loop image mnt
            trap 'umount "{{folder.Path}}/mnt"' EXIT
            echo content > mnt/file
            sync -f mnt
            cp --sparse=always image dirty
            """);
        using BlockSource volume = ExtImage.OpenVolume(folder["dirty"]);
        using FileTree tree = ExtImage.Open(volume);
        Assert.Contains(tree.Volume.Warnings, warning => warning.Contains("last checkpoint", StringComparison.Ordinal));
    }

    private static byte[] Tail(FileTree tree, string path, int count)
    {
        using BlockSource file = tree.OpenFile(TreeWalk.Find(tree, path).Id);
        return file.ReadBytes(file.Length - count, count);
    }

    private static HashSet<ExtentKind> Kinds(FileTree tree, string path)
    {
        using BlockSource file = tree.OpenFile(TreeWalk.Find(tree, path).Id);
        HashSet<ExtentKind> kinds = [];
        for (long offset = 0; offset < file.Length;)
        {
            Extent extent = file.GetExtent(offset);
            kinds.Add(extent.Kind);
            offset = extent.End;
        }

        return kinds;
    }
}
