using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Apfs;

/// <summary>Containers made by hand, for what no sample has: hard links, sparse and compressed files, long attributes,
/// names without a hash, trees of two levels, several volumes, and what is refused.</summary>
public sealed class ApfsHandMadeTests
{
    private const string ResourceFork = "user.com.apple.ResourceFork";

    [Fact]
    public void Files_links_and_attributes_are_those_that_7z_extracts()
    {
        ApfsBuilder builder = new();
        ulong folder = builder.AddFolder(ApfsBuilder.Root, "folder");
        byte[] content = new byte[(5 * ApfsBuilder.BlockSize) + 100];
        new Random(1).NextBytes(content);
        ulong file = builder.AddFile(ApfsBuilder.Root, "first name", content);
        builder.AddName(folder, "second name", file);
        builder.AddAttribute(file, "short", [1, 2, 3]);
        builder.AddAttribute(file, "long", content[..9000], flags: 1);
        builder.AddSymbolicLink(folder, "link", "empty");
        builder.AddFile(folder, "empty", []);
        for (int i = 0; i < 60; i++)
        {
            builder.AddFile(folder, $"file {i}", [.. Enumerable.Repeat((byte)i, i)]);
        }

        using MemorySource volume = new(builder.Build());
        using FileTree tree = Open(volume);
        NodeInfo node = TreeWalk.Find(tree, "first name");
        Assert.Equal(node, TreeWalk.Find(tree, "folder/second name"));
        Assert.Equal((2u, content.Length), (node.Links, (int)node.Size));
        Assert.Equal(content, TreeWalk.ReadFile(tree, "first name"));
        Assert.Equal(content[..9000], tree.GetAttribute(node.Id, "user.long"));
        Assert.Equal(["user.long", "user.short"], tree.ListAttributes(node.Id));
        Assert.Equal("empty"u8, tree.ReadLink(TreeWalk.Find(tree, "folder/link").Id).Span);
        Assert.Equal(63, tree.ReadDirectory(TreeWalk.Find(tree, "folder").Id, 0).Count());
        TreeContract.EntriesAreFound(tree);
        TreeContract.ExtentsAreVerbatim(tree, volume);
        CompareWith7z(volume, tree);
    }

    // 7z has the first block of the container where nothing is stored; fsapfsmount has zeros, too.
    [Fact]
    public void What_is_not_stored_is_zero()
    {
        ApfsBuilder builder = new();
        byte[] content = new byte[(5 * ApfsBuilder.BlockSize) + 100];
        new Random(1).NextBytes(content.AsSpan(0, ApfsBuilder.BlockSize));
        new Random(2).NextBytes(content.AsSpan(3 * ApfsBuilder.BlockSize, ApfsBuilder.BlockSize));
        ulong id = builder.AddFile(ApfsBuilder.Root, "sparse", content);
        using MemorySource volume = new(builder.Build());
        using FileTree tree = Open(volume);
        Assert.Equal(content, TreeWalk.ReadFile(tree, "sparse"));
        using BlockSource file = tree.OpenFile(id);
        Assert.Equal(ExtentKind.Data, file.GetExtent(0).Kind);
        Assert.Equal(ExtentKind.Zero, file.GetExtent(ApfsBuilder.BlockSize).Kind);
        TreeContract.ExtentsAreVerbatim(tree, volume);
    }

    [Fact]
    public void Compressed_files_have_their_content()
    {
        ApfsBuilder builder = new();
        byte[] content = [.. Enumerable.Range(0, 150_000).Select(i => (byte)(i / 5))];
        ulong inline = builder.AddCompressed(ApfsBuilder.Root, "inline", 5000);
        builder.AddAttribute(
            inline, "com.apple.decmpfs", DecmpfsFiles.Attribute(3, 5000, DecmpfsFiles.Zlib(content[..5000])));
        ulong fork = builder.AddCompressed(ApfsBuilder.Root, "fork", content.Length);
        builder.AddAttribute(fork, "com.apple.decmpfs", DecmpfsFiles.Attribute(4, content.Length, []));
        byte[][] pieces = [.. content.Chunk(65536).Select(DecmpfsFiles.Zlib)];
        builder.AddAttribute(fork, "com.apple.ResourceFork", DecmpfsFiles.ZlibFork(pieces), flags: 1);
        builder.AddAttribute(fork, "other", [1]);
        using MemorySource volume = new(builder.Build());
        using FileTree tree = Open(volume);
        Assert.Equal(content[..5000], TreeWalk.ReadFile(tree, "inline"));
        Assert.Equal(content, TreeWalk.ReadFile(tree, "fork"));
        Assert.Equal(content.Length, TreeWalk.Find(tree, "fork").Size);
        Assert.Equal(["user.other"], tree.ListAttributes(TreeWalk.Find(tree, "fork").Id));
        Assert.Null(tree.GetAttribute(TreeWalk.Find(tree, "fork").Id, ResourceFork));
        CompareWith7z(volume, tree);
    }

    // 7z does not read such a volume.
    [Fact]
    public void Names_without_a_hash_and_with_a_slash_are_listed()
    {
        ApfsBuilder builder = new(hasHashedNames: false);
        ulong folder = builder.AddFolder(ApfsBuilder.Root, "folder");
        builder.AddFile(folder, "a/b", [7]);
        builder.AddFile(folder, "A", [8]);
        builder.AddFile(folder, "a", [9]);
        using MemorySource volume = new(builder.Build());
        using FileTree tree = Open(volume);
        Assert.Equal([7], TreeWalk.ReadFile(tree, "folder/a:b"));
        Assert.Equal([8], TreeWalk.ReadFile(tree, "folder/A"));
        Assert.Equal([9], TreeWalk.ReadFile(tree, "folder/a"));
    }

    // One more volume: the same object a second time.
    [Fact]
    public void Volume_is_chosen_by_its_number()
    {
        byte[] image = new ApfsBuilder().Build();
        foreach (int block in (int[])[0, 2])
        {
            Span<byte> raw = image.AsSpan(block * ApfsBuilder.BlockSize, ApfsBuilder.BlockSize);
            raw.Slice(184, 8).CopyTo(raw[192..]);
            ApfsBuilder.Sign(raw);
        }

        using MemorySource volume = new(image);
        VolumeInfo info = FileSystems.Probe(volume).Single();
        Assert.Equal(["Volume 1", "Volume 2"], info.Details.Skip(1).Select(detail => detail.Key));
        Assert.Null(info.Label);
        using FileTree tree = Open(volume);
        Assert.Equal("volume 1 of 2 is shown; --session shows another", Assert.Single(tree.Volume.Warnings));
        using FileTree second = Open(volume, 2);
        Assert.Equal("Volume", second.Volume.Label);
        Assert.Empty(second.Volume.Warnings);
        Assert.Throws<UnsupportedFeatureException>(() => Open(volume, 3));
    }

    // Byte offset in a superblock, what to set there, and what the error says.
    [Theory]
    [InlineData(ApfsBuilder.VolumeBlock, 264, 8, "encryption")]
    [InlineData(ApfsBuilder.VolumeBlock, 56, 0x20, "sealed")]
    [InlineData(ApfsBuilder.VolumeBlock, 56, 0x4000, "features 4000")]
    [InlineData(2, 64, 0x102, "Fusion")]
    [InlineData(2, 64, 0x1002, "features 1000")]
    public void What_cannot_be_read_is_refused_by_name(int block, int offset, int value, string message)
    {
        byte[] image = new ApfsBuilder().Build();
        foreach (int at in block == 2 ? (int[])[0, 2] : [block])
        {
            Span<byte> raw = image.AsSpan(at * ApfsBuilder.BlockSize, ApfsBuilder.BlockSize);
            BinaryPrimitives.WriteInt64LittleEndian(raw[offset..], value);
            ApfsBuilder.Sign(raw);
        }

        using MemorySource volume = new(image);
        Assert.Equal("apfs", FileSystems.Probe(volume).Single().FileSystem);
        UnsupportedFeatureException error = Assert.Throws<UnsupportedFeatureException>(() => Open(volume));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Newest_superblock_that_is_whole_counts()
    {
        byte[] image = new ApfsBuilder().Build();
        image[ApfsBuilder.BlockSize - 1] ^= 1; // the first block
        using MemorySource volume = new(image);
        using (FileTree tree = Open(volume))
        {
            Assert.Equal("Volume", tree.Volume.Label);
        }

        image[(3 * ApfsBuilder.BlockSize) - 1] ^= 1; // the checkpoint
        Assert.Throws<ImageFormatException>(() => Open(volume));
        VolumeInfo info = FileSystems.Probe(volume).Single();
        Assert.StartsWith("its volumes cannot be read", Assert.Single(info.Warnings), StringComparison.Ordinal);
    }

    // Checksums hold most damage off: here they are right.
    [Fact]
    public void Damage_behind_right_checksums_ends_in_success_or_a_named_error()
    {
        ApfsBuilder builder = new();
        ulong folder = builder.AddFolder(ApfsBuilder.Root, "folder");
        ulong file = builder.AddFile(folder, "file", [1, 2, 3]);
        builder.AddAttribute(file, "name", [4], flags: 1);
        builder.AddSymbolicLink(folder, "link", "file");
        for (int i = 0; i < 40; i++)
        {
            builder.AddFile(folder, $"file {i}", [1]);
        }

        using MemorySource volume = new(builder.Build());
        HostileInput.Try(volume, source =>
        {
            byte[] bytes = source.ReadBytes(0, (int)source.Length);
            for (int i = 0; i + ApfsBuilder.BlockSize <= bytes.Length && i < 16 * ApfsBuilder.BlockSize;
                i += ApfsBuilder.BlockSize)
            {
                ApfsBuilder.Sign(bytes.AsSpan(i, ApfsBuilder.BlockSize));
            }

            using MemorySource signed = new(bytes);
            _ = FileSystems.Find("apfs")!.Probe(signed);
            using FileTree tree = FileSystems.Find("apfs")!.Open(signed, new FileTreeOptions(new BlockCache(1 << 20)));
            TreeWalk.Touch(tree);
        });
    }

    private static FileTree Open(BlockSource volume, int? number = null) =>
        FileSystems.Open(volume, null, new FileTreeOptions(new BlockCache(4 << 20)) { Session = number });

    private static void CompareWith7z(BlockSource volume, FileTree tree)
    {
        if (Tool.Exists("7z") && Tool.Run("7z", "i").Text.Contains(" APFS ", StringComparison.Ordinal))
        {
            AppleFiles.CompareWith7z("apfs", volume, tree, string.Empty);
        }
    }
}
