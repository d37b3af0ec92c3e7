using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.SquashFs;
using Imaged.Linux;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.SquashFs;

/// <summary>Volumes made by mksquashfs: what the tree shows against what the kernel's driver shows of them.</summary>
public sealed class SquashFsMountedTests : IClassFixture<SquashFsSourceFolder>
{
    private readonly SquashFsSourceFolder _source;

    public SquashFsMountedTests(SquashFsSourceFolder source)
    {
        _source = source;
    }

    [Theory]
    [InlineData("-comp gzip")]
    [InlineData("-comp gzip -Xcompression-level 1 -b 4096 -no-exports")]
    [InlineData("-comp gzip -noI -noD -noF -noX -noId")]
    [InlineData("-comp gzip -no-fragments -no-duplicates")]
    [InlineData("-comp xz -b 1M -Xbcj x86,arm")]
    [InlineData("-comp xz -always-use-fragments")]
    [InlineData("-comp zstd -Xcompression-level 3")]
    [InlineData("-comp zstd -b 4096 -noD")]
    [InlineData("-comp lz4")]
    [InlineData("-comp lz4 -Xhc -b 65536 -tailends")]
    public void The_tree_is_what_the_kernel_shows(string options)
    {
        Requires.Root();
        Requires.Tool("mksquashfs", "setfattr", "getfattr");
        using TemporaryFolder folder = new();
        Make(folder, options);
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            mkdir mnt
            mount -o loop,ro -t squashfs image mnt
            trap 'cd /; umount "{{folder.Path}}/mnt"' EXIT
            cd mnt
            {{HostListing.Commands}}
            {{HostListing.AttributeCommand}}
            """);
        using BlockSource volume = FileSource.Open(folder["image"]);
        using FileTree tree = Open(volume);
        Dictionary<string, NodeInfo> nodes = HostListing.NodesOf(tree);
        HostListing listing = new(folder, nodes);

        // The kernel counts attributes as blocks: what is allocated is compared for files without any.
        listing.AssertNodes(line =>
            Comparable(line, tree.ListAttributes(nodes[line.Split('\t')[0][2..]].Id).IsEmpty));
        listing.AssertContent(tree);
        listing.AssertAttributes(tree);
        TreeContract.EntriesAreFound(tree);
        TreeContract.ExtentsAreVerbatim(tree, volume);

        if (options.Contains("-noD", StringComparison.Ordinal))
        {
            using BlockSource file = tree.OpenFile(TreeWalk.Find(tree, "dir/a/random").Id);
            Assert.NotNull(file.GetExtent(0).Host);
        }
    }

    [Fact]
    public void Lzma_which_the_kernel_cannot_read_is_what_unsquashfs_extracts()
    {
        Requires.Root();
        Requires.Tool("mksquashfs", "unsquashfs");
        using TemporaryFolder folder = new();
        Make(folder, "-comp lzma");
        Tool.Run("unsquashfs", "-n", "-d", folder["out"], folder["image"]);
        using BlockSource volume = FileSource.Open(folder["image"]);
        using FileTree tree = Open(volume);
        HostTree.AssertSame(HostTree.Of(folder["out"], full: true), HostTree.Of(tree, full: true));
    }

    [Fact]
    public void Lzo_is_refused_by_name()
    {
        Requires.Root();
        Requires.Tool("mksquashfs");
        using TemporaryFolder folder = new();
        Tool.Shell($"cd '{folder.Path}'; mkdir source; seq 99 > source/a; mksquashfs source image -comp lzo -quiet");
        using BlockSource volume = FileSource.Open(folder["image"]);
        Assert.Equal("squashfs", SquashFsFileSystem.Probe(volume)?.KernelType);
        UnsupportedFeatureException error = Assert.Throws<UnsupportedFeatureException>(() => Open(volume));
        Assert.Contains("lzo", error.Feature, StringComparison.Ordinal);
    }

    private static FileTree Open(BlockSource volume) =>
        SquashFsFileSystem.Open(volume, new FileTreeOptions(new BlockCache(16 << 20)));

    private static string Comparable(string line, bool withBlocks)
    {
        string[] fields = line.Split('\t');
        return withBlocks ? line : string.Join('\t', [.. fields[..6], .. fields[7..]]);
    }

    private void Make(TemporaryFolder folder, string options) => Tool.Shell(
        $"cd '{folder.Path}'; mksquashfs '{_source.Folder}' image {options} -noappend -quiet > make.log 2>&1");
}
