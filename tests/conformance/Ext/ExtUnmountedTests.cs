using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Ext;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Ext;

/// <summary>Volumes made from a folder without the kernel, among them some that no kernel here would mount.</summary>
public sealed class ExtUnmountedTests
{
    [Theory]
    [InlineData("mke2fs -F -q -t ext2 -b 8192")]
    [InlineData("mke2fs -F -q -t ext4 -b 16384 -O ^has_journal")]
    [InlineData("mke2fs -F -q -t ext4 -b 65536 -O ^has_journal")]
    [InlineData("mke2fs -F -q -t ext2 -r 0 -b 1024 -O none")]
    [InlineData("mke2fs -F -q -t ext4 -O casefold,stable_inodes,verity -E encoding=utf8")]
    [InlineData("mke2fs -F -q -t ext4 -O mmp,quota,project,metadata_csum_seed,sparse_super2,fast_commit,orphan_file")]
    [InlineData("mke2fs -F -q -t ext4 -b 1024 -O meta_bg,^resize_inode,^sparse_super,bigalloc -C 4096")]
    [InlineData("mke2fs -F -q -t ext4 -b 1024 -I 1024 -O encrypt,ea_inode,large_dir -g 1024 -G 4")]
    public void Files_are_those_of_the_folder(string make)
    {
        Requires.Root();
        Requires.Tool("mke2fs", "dumpe2fs");
        using TemporaryFolder folder = new();
        string image = ExtImage.MakeFromFolder(folder, make);
        using BlockSource volume = ExtImage.OpenVolume(image);
        using FileTree tree = ExtImage.Open(volume);
        Assert.Empty(tree.Volume.Warnings);
        Dictionary<string, NodeInfo> nodes = HostListing.NodesOf(tree);
        nodes.Remove("lost+found");
        HostListing listing = new(folder, nodes);

        // Sizes of directories, allocation, inode numbers and times to the nanosecond are the volume's own.
        listing.AssertNodes(Comparable);
        listing.AssertContent(tree);
        TreeContract.EntriesAreFound(tree);

        string features = Tool.Run("dumpe2fs", "-h", image).Text.Split('\n')
            .Single(line => line.StartsWith("Filesystem features:", StringComparison.Ordinal)).Split(':')[1];
        Assert.Equal(
            features.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(name => name != "(none)")
                .Order(StringComparer.Ordinal),
            tree.Volume.Details.Single(detail => detail.Key == "Features").Value
                .Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Encrypted_files_and_directories_are_refused_by_name_and_the_others_are_not()
    {
        Requires.Root();
        Requires.Tool("mke2fs", "debugfs");
        using TemporaryFolder folder = new();
        string image = ExtImage.MakeFromFolder(folder, "mke2fs -F -q -t ext4 -O encrypt");
        Tool.Run("debugfs", "-w", "-R", "set_inode_field /dir flags 0x80800", image);
        Tool.Run("debugfs", "-w", "-R", "set_inode_field /size-100 flags 0x80800", image);
        using BlockSource volume = ExtImage.OpenVolume(image);
        using FileTree tree = ExtImage.Open(volume);
        ulong directory = TreeWalk.Find(tree, "dir").Id;
        Assert.Contains($"directory inode {directory}", Assert.Throws<UnsupportedFeatureException>(
            () => tree.ReadDirectory(directory, 0).Any()).Message, StringComparison.Ordinal);
        Assert.Throws<UnsupportedFeatureException>(() => tree.TryLookup(directory, "a"u8, out _));
        Assert.Throws<UnsupportedFeatureException>(() => tree.OpenFile(TreeWalk.Find(tree, "size-100").Id));
        Assert.Equal(150, TreeWalk.ReadFile(tree, "size-150").Length);
    }

    [Theory]
    [InlineData(0, "compression")]
    [InlineData(12, "dirdata")]
    [InlineData(25, "FEATURE_I25")]
    public void An_unknown_incompatible_feature_is_refused_by_name(int bit, string name)
    {
        Requires.Tool("mke2fs");
        using TemporaryFolder folder = new();
        string image = folder["image"];
        Tool.Run("mke2fs", "-F", "-q", "-t", "ext4", image, "2M");
        byte[] bytes = File.ReadAllBytes(image);
        Span<byte> features = bytes.AsSpan(1024 + 0x60);
        uint known = BinaryPrimitives.ReadUInt32LittleEndian(features);
        BinaryPrimitives.WriteUInt32LittleEndian(features, known | (1u << bit));
        using MemorySource volume = new(bytes);
        Assert.NotNull(ExtFileSystem.Probe(volume));
        UnsupportedFeatureException error = Assert.Throws<UnsupportedFeatureException>(() => ExtImage.Open(volume));
        Assert.Contains(name, error.Feature, StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_checksums_and_missing_blocks_are_warnings()
    {
        Requires.Tool("mke2fs");
        using TemporaryFolder folder = new();
        string image = folder["image"];
        Tool.Run("mke2fs", "-F", "-q", "-t", "ext4", "-b", "4096", image, "4M");
        byte[] bytes = File.ReadAllBytes(image);

        // The free counts of the superblock and of the first group's descriptor.
        bytes[1024 + 0x0C] ^= 1;
        bytes[4096 + 0x0C] ^= 1;
        using MemorySource volume = new(bytes.AsMemory(0, bytes.Length - 4096));
        using FileTree tree = ExtImage.Open(volume);
        Assert.Collection(
            tree.Volume.Warnings,
            text => Assert.Contains("checksum of the superblock", text, StringComparison.Ordinal),
            text => Assert.Contains("the volume ends at byte", text, StringComparison.Ordinal),
            text => Assert.Contains("checksums of 1 group descriptors", text, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_change_of_metadata_ends_in_success_or_a_named_error()
    {
        Requires.Tool("mke2fs");
        foreach (string options in (string[])["-t ext2 -b 1024", "-t ext4 -b 1024 -O ^has_journal,inline_data -I 256"])
        {
            using TemporaryFolder folder = new();
            Tool.Shell($$"""
                cd '{{folder.Path}}'
                mkdir -p source/dir/sub source/many
                seq 200000 > source/dir/numbers
                for n in $(seq 0 2 200); do
                  dd if=source/dir/numbers of=source/holes bs=1024 count=1 seek=$n conv=notrunc status=none
                done
                ln -s "$(printf 'long/%.0s' $(seq 40))" source/long
                seq 8 > source/small
                seq -f 'a-name-of-some-length-%03g' 300 | (cd source/many && xargs touch)
                mke2fs -F -q {{options}} -d source image 3M
                """);
            byte[] good = File.ReadAllBytes(folder["image"]);

            // File content has no structure: without it nearly every change meets one.
            byte[] numbers = File.ReadAllBytes(Path.Combine(folder.Path, "source", "dir", "numbers"));
            for (int at = 0; at + 1024 <= numbers.Length; at += 1024)
            {
                int found = good.AsSpan().IndexOf(numbers.AsSpan(at, 1024));
                if (found >= 0)
                {
                    good.AsSpan(found, 1024).Clear();
                }
            }

            using MemorySource volume = new(good);
            HostileInput.Try(
                volume,
                source =>
                {
                    using FileTree tree = ExtImage.Open(source);
                    TreeWalk.Touch(tree);
                },
                changes: 800);
        }
    }

    // Whole seconds of the time of change; before 1970 stat rounds them the other way.
    private static string Comparable(string line)
    {
        string[] fields = line.Split('\t');
        string size = fields[1].StartsWith('4') ? string.Empty : fields[5];
        string modified = fields[11].StartsWith('-') ? string.Empty : fields[11].Split('.')[0];
        return string.Join('\t', [.. fields[..5], size, fields[8], fields[9], modified]);
    }
}
