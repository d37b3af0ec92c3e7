using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.HfsPlus;

/// <summary>Volumes made by hand after TN1150, for what no sample has: hard links, files in many pieces, compressed
/// files, names that differ in case only. 7z reads them, too, as far as it can.</summary>
public sealed class HfsPlusHandMadeTests
{
    private const string ResourceFork = "user.com.apple.ResourceFork";

    [Fact]
    public void Hard_links_of_files_and_folders_lead_to_one_node()
    {
        HfsPlusBuilder builder = new();
        builder.AddFolder(1, "Volume");
        uint files = builder.AddFolder(HfsPlusBuilder.Root, "\0\0\0\0HFS+ Private Data");
        uint folders = builder.AddFolder(HfsPlusBuilder.Root, ".HFS+ Private Directory Data\r");
        byte[] content = [.. Enumerable.Range(0, 9000).Select(i => (byte)(i / 7))];
        builder.AddFile(files, "iNode77", content, new() { Special = 2, Resource = [1, 2, 3] });
        uint target = builder.AddFolder(folders, "dir_99", links: 2);
        builder.AddFile(target, "inside", [4, 5, 6]);
        uint folder = builder.AddFolder(HfsPlusBuilder.Root, "folder");
        HfsPlusFile link = new() { Finder = "hlnkhfs+", Special = 77, Flags = 0x20 };
        builder.AddFile(HfsPlusBuilder.Root, "first", [], link);
        builder.AddFile(folder, "second", [], link);
        HfsPlusFile folderLink = new() { Finder = "fdrpMACS", Special = 99, Flags = 0x20 };
        builder.AddFile(HfsPlusBuilder.Root, "third", [], folderLink);
        builder.AddFile(folder, "fourth", [], folderLink);
        builder.AddFile(HfsPlusBuilder.Root, "dangling", [], link with { Special = 78 });
        builder.AddFile(HfsPlusBuilder.Root, "alias", [7], new() { Finder = "fdrpMACS", Resource = [8] });

        using MemorySource volume = new(builder.Build());
        using FileTree tree = Open(volume);
        NodeInfo first = TreeWalk.Find(tree, "first");
        Assert.Equal(first, TreeWalk.Find(tree, "folder/second"));
        Assert.Equal((2u, content.Length, FileType.Regular), (first.Links, (int)first.Size, first.Type));
        Assert.Equal(content, TreeWalk.ReadFile(tree, "first"));
        Assert.Equal([1, 2, 3], tree.GetAttribute(first.Id, ResourceFork));
        Assert.Equal(FileType.Directory, TreeWalk.Find(tree, "third").Type);
        Assert.Equal(TreeWalk.Find(tree, "third"), TreeWalk.Find(tree, "folder/fourth"));
        Assert.Equal([4, 5, 6], TreeWalk.ReadFile(tree, "folder/fourth/inside"));

        // A link to nothing, and an alias of the Finder's, which is a file of the same type.
        Assert.Equal(FileType.Regular, TreeWalk.Find(tree, "dangling").Type);
        Assert.Equal([7], TreeWalk.ReadFile(tree, "alias"));
        Assert.Equal(1, TreeWalk.Find(tree, "alias").Size);
        Assert.Equal(
            ["alias", "dangling", "first", "folder", "third"],
            tree.ReadDirectory(tree.Root.Id, 0).Select(entry => TreeWalk.Text(entry.Name)));
        TreeContract.EntriesAreFound(tree);
    }

    [Fact]
    public void Files_in_many_pieces_and_resource_forks_are_those_that_7z_extracts()
    {
        HfsPlusBuilder builder = new();
        builder.AddFolder(1, "Volume");
        byte[] content = new byte[40 * HfsPlusBuilder.BlockSize - 100];
        new Random(1).NextBytes(content);
        HfsPlusFile scattered = new() { IsScattered = true };
        builder.AddFile(HfsPlusBuilder.Root, "eight", content[..(8 * HfsPlusBuilder.BlockSize)], scattered);
        builder.AddFile(HfsPlusBuilder.Root, "forty", content, scattered with { Resource = content[..70_000] });
        builder.AddFile(HfsPlusBuilder.Root, "nine", content[..(8 * HfsPlusBuilder.BlockSize + 1)], scattered);
        builder.AddFile(HfsPlusBuilder.Root, "one", content, new() { Resource = content[..5000] });
        using MemorySource volume = new(builder.Build());
        using FileTree tree = Open(volume);
        Assert.Equal(content, TreeWalk.ReadFile(tree, "forty"));
        Assert.Equal(content[..5000], tree.GetAttribute(TreeWalk.Find(tree, "one").Id, ResourceFork));

        // More than Linux hands out.
        Assert.Empty(tree.ListAttributes(TreeWalk.Find(tree, "forty").Id));
        TreeContract.ExtentsAreVerbatim(tree, volume);
        AppleFiles.CompareWith7z("hfs", volume, tree, "Volume");
    }

    [Fact]
    public void Compressed_files_have_their_content()
    {
        HfsPlusBuilder builder = new();
        builder.AddFolder(1, "Volume");
        byte[] content = [.. Enumerable.Range(0, 150_000).Select(i => (byte)(i / 5))];
        AddCompressed(builder, "zlib", 3, 5000, DecmpfsFiles.Zlib(content[..5000]), []);
        AddCompressed(builder, "zlib stored", 3, 5, [0xff, .. content[..5]], []);
        byte[][] pieces = [.. content.Chunk(65536).Select(DecmpfsFiles.Zlib)];
        AddCompressed(builder, "zlib fork", 4, content.Length, [], DecmpfsFiles.ZlibFork(pieces));
        pieces = [.. content.Chunk(65536).Select(piece => (byte[])[6, .. piece])];
        AddCompressed(builder, "lzvn fork", 8, content.Length, [], DecmpfsFiles.OffsetFork(pieces));
        using (MemorySource volume = new(builder.Build()))
        using (FileTree tree = Open(volume))
        {
            Assert.Equal(content, TreeWalk.ReadFile(tree, "zlib fork"));
            Assert.Equal(content.Length, TreeWalk.Find(tree, "lzvn fork").Size);
            Assert.All(TreeWalk.Files(tree), node => Assert.Empty(tree.ListAttributes(node.Id)));
            AppleFiles.CompareWith7z("hfs", volume, tree, "Volume");
        }

        // 7z does not read these.
        pieces = [.. content.Chunk(65536).Select(Lzfse)];
        AddCompressed(builder, "lzfse fork", 12, content.Length, [], DecmpfsFiles.OffsetFork(pieces));
        AddCompressed(builder, "lzfse", 11, 900, Lzfse(content[..900]), []);
        using MemorySource second = new(builder.Build());
        using FileTree other = Open(second);
        Assert.Equal(content, TreeWalk.ReadFile(other, "lzfse fork"));
        Assert.Equal(content[..900], TreeWalk.ReadFile(other, "lzfse"));
    }

    [Fact]
    public void Names_that_differ_in_case_alone_are_told_apart()
    {
        HfsPlusBuilder builder = new(isCaseSensitive: true);
        builder.AddFolder(1, "Volume");
        builder.AddFile(HfsPlusBuilder.Root, "Name", [1]);
        builder.AddFile(HfsPlusBuilder.Root, "name", [2]);
        uint folder = builder.AddFolder(HfsPlusBuilder.Root, "Folder");
        builder.AddFile(folder, "caf\u0065\u0301", [3]);
        using MemorySource volume = new(builder.Build());
        using FileTree tree = Open(volume);
        Assert.Equal("HFSX", tree.Volume.Version);
        Assert.Equal([1], TreeWalk.ReadFile(tree, "Name"));
        Assert.Equal([2], TreeWalk.ReadFile(tree, "name"));

        // A name is the bytes that are listed: an accent of its own, as macOS stores it.
        Assert.Equal([3], TreeWalk.ReadFile(tree, "Folder/cafe\u0301"));
        Assert.False(tree.TryLookup(TreeWalk.Find(tree, "Folder").Id, "caf\u00e9"u8, out _));
        AppleFiles.CompareWith7z("hfs", volume, tree, "Volume");
    }

    private static FileTree Open(BlockSource volume) =>
        FileSystems.Open(volume, null, new FileTreeOptions(new BlockCache(4 << 20)));

    private static void AddCompressed(
        HfsPlusBuilder builder, string name, uint kind, int length, byte[] inline, byte[] fork)
    {
        uint file = builder.AddFile(
            HfsPlusBuilder.Root, name, [], new() { OwnerFlags = 0x20, Resource = fork });
        builder.AddAttribute(file, "com.apple.decmpfs", DecmpfsFiles.Attribute(kind, length, inline));
    }

    // A block that is not compressed; real ones are in the samples of disk images.
    private static byte[] Lzfse(byte[] bytes)
    {
        byte[] length = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
        return [.. "bvx-"u8, .. length, .. bytes, .. "bvx$"u8];
    }
}
