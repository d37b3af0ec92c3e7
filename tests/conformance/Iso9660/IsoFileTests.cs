using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Linux;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Iso9660;

public sealed class IsoFileTests
{
    [Theory]
    [InlineData("xorriso -outdev image -map source / -set_filter_r --zisofs / --")]
    [InlineData("xorriso -zisofs block_size=128k:level=1 -outdev image -map source / -set_filter_r --zisofs / --")]
    [InlineData(
        "xorriso -zisofs version_2=on:block_size_v2=256k -outdev image -map source / -set_filter_r --zisofs / --")]
    [InlineData("mkzftree source packed; genisoimage -R -z -o image packed")]
    public void Files_that_zisofs_compressed_are_shown_unpacked(string command)
    {
        Requires.Tool(command.Split(' ')[0], "genisoimage");
        using TemporaryFolder folder = new();
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            mkdir source
            seq 1 300000 > source/numbers
            truncate -s 3M source/zero
            seq 1 100 >> source/zero
            head -c 300000 /dev/urandom > source/random
            : > source/empty
            head -c 65536 source/numbers > source/two-blocks
            { {{command}}; } > log 2>&1
            """);
        using BlockSource volume = FileSource.Open(folder["image"]);
        using FileTree tree = IsoImage.Open(volume);
        HostTree.AssertSame(HostTree.Of(folder["source"], full: false), HostTree.Of(tree, full: false));
        Assert.True(volume.Length < 2_500_000, "it was compressed");
        using BlockSource zero = tree.OpenFile(TreeWalk.Find(tree, "zero").Id);
        Assert.Equal(ExtentKind.Zero, zero.GetExtent(0).Kind);
    }

    [Fact]
    public void A_file_above_four_gigabytes_is_one_file_whose_bytes_lie_verbatim_in_the_image()
    {
        Requires.Tool("xorriso");
        using TemporaryFolder folder = new();

        // The tree comes first, then nothing but zeros: the rest of the image is a hole.
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            mkdir source
            echo tail > source/after
            truncate -s 4296M source/large
            printf '\0\0\0' >> source/large
            (xorriso -as mkisofs -quiet -iso-level 3 -R source 2> log || true) | head -c 1M > image
            truncate -s 4300M image
            """);
        using BlockSource volume = FileSource.Open(folder["image"]);
        using FileTree tree = IsoImage.Open(volume);
        NodeInfo node = TreeWalk.Find(tree, "large");
        Assert.Equal((4296L << 20) + 3, node.Size);
        using BlockSource file = tree.OpenFile(node.Id);
        Assert.Equal(new byte[4], file.ReadBytes(node.Size - 4, 4));
        List<Extent> extents = [];
        for (long offset = 0; offset < file.Length; offset = extents[^1].End)
        {
            extents.Add(file.GetExtent(offset));
        }

        string[] lines = Tool.Run("xorriso", "-indev", folder["image"], "-find", "/large", "-exec", "report_lba").Text
            .Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("tail\n"u8.ToArray(), TreeWalk.ReadFile(tree, "after"));
        Assert.Equal(lines.Count(line => line.StartsWith("File data lba", StringComparison.Ordinal)), extents.Count);
        Assert.All(extents, extent => Assert.NotNull(extent.Host));
        Assert.Equal((4296L << 20) + 3, extents.Sum(extent => extent.Length));
    }

    [Fact]
    public void Sections_of_a_file_follow_each_other()
    {
        Requires.Tool("xorriso");
        string path = Samples.Get("iso/libcdio-multi_extent_8k.iso");
        using BlockSource volume = FileSource.Open(path);
        using FileTree tree = IsoImage.Open(volume);
        using TemporaryFolder folder = new();
        _ = Tool.TryRun("xorriso", "-osirrox", "on", "-indev", path, "-extract", "/", folder["out"]);
        HostTree.AssertSame(HostTree.Of(folder["out"], full: false), HostTree.Of(tree, full: false));
    }

    [Fact]
    public void What_a_truncated_image_lacks_of_a_file_is_an_error_there_only()
    {
        Requires.Tool("genisoimage");
        using TemporaryFolder folder = new();
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            mkdir source
            seq 1 100000 > source/numbers
            genisoimage -quiet -no-pad -R -o image source
            truncate -s -102400 image
            """);
        using BlockSource volume = FileSource.Open(folder["image"]);
        using FileTree tree = IsoImage.Open(volume);
        byte[] whole = File.ReadAllBytes(folder["source/numbers"]);
        using BlockSource file = tree.OpenFile(TreeWalk.Find(tree, "numbers").Id);
        Assert.Equal(whole.Length, file.Length);
        Assert.Equal(whole[..300000], file.ReadBytes(0, 300000));
        Assert.Throws<ImageFormatException>(() => file.ReadBytes(whole.Length - 1, 1));
        Assert.Contains("the volume is longer than what is there of it", tree.Volume.Warnings);
    }

    [Fact]
    public void Links_to_one_file_share_an_inode_and_empty_files_do_not()
    {
        using TemporaryFolder folder = new();
        foreach (string command in (string[])
            ["genisoimage -R -o image source", "xorriso -hardlinks on -outdev image -map source /"])
        {
            Requires.Tool(command.Split(' ')[0]);
            Tool.Shell($$"""
                cd '{{folder.Path}}'
                rm -rf source image
                mkdir source
                echo 1 > source/a
                ln source/a source/b
                : > source/c
                : > source/d
                {{command}} > log 2>&1
                """);
            using BlockSource volume = FileSource.Open(folder["image"]);
            using FileTree tree = IsoImage.Open(volume);
            NodeInfo[] nodes = [.. tree.ReadDirectory(tree.Root.Id, 0).Select(entry => entry.Node)];
            Assert.Equal(2u, nodes[0].Links);
            Assert.NotEqual(0ul, nodes[0].Inode);
            Assert.Equal(nodes[0].Inode, nodes[1].Inode);
            Assert.True(nodes[2].Inode == 0 || nodes[2].Inode != nodes[3].Inode);
        }
    }
}
