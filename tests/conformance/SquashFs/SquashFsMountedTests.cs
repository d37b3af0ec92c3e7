using System.Security.Cryptography;
using System.Text;
using Imaged.Blocks;
using Imaged.Conformance.Ext;
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
            find . -mindepth 1 -exec stat --printf='{{ExtImage.StatFormat}}' {} + > ../stat
            find . -type f -exec sha256sum {} + > ../sums
            find . -type l -printf '%p\t%l\n' > ../links
            getfattr -R -P -h -d -m - -e hex . > ../attributes
            """);
        using BlockSource volume = FileSource.Open(folder["image"]);
        using FileTree tree = Open(volume);
        Dictionary<string, NodeInfo> nodes =
            TreeWalk.AllPaths(tree).ToDictionary(item => item.Path, item => item.Entry.Node);

        // The kernel counts attributes as blocks: what is allocated is compared for files without any.
        string[] expected = [.. File.ReadLines(folder["stat"]).Order(StringComparer.Ordinal)];
        NodeInfo[] files = [.. expected.Select(line => nodes[line.Split('\t')[0][2..]])];
        Assert.Equal(nodes.Count, expected.Length);
        Assert.Equal(
            expected.Select((line, i) => Comparable(line, tree.ListAttributes(files[i].Id).IsEmpty)),
            expected.Select((line, i) => Comparable(
                ExtImage.Stat(line.Split('\t')[0][2..], files[i]), tree.ListAttributes(files[i].Id).IsEmpty)));
        Assert.Equal(
            File.ReadLines(folder["links"]).Order(StringComparer.Ordinal),
            nodes.Where(item => item.Value.Type == FileType.SymbolicLink)
                .Select(item => $"./{item.Key}\t{Encoding.UTF8.GetString(tree.ReadLink(item.Value.Id).Span)}")
                .Order(StringComparer.Ordinal));
        Assert.Equal(
            File.ReadLines(folder["sums"]).Order(StringComparer.Ordinal),
            nodes.Where(item => item.Value.Type == FileType.Regular)
                .Select(item => $"{Sum(tree, item.Value)}  ./{item.Key}").Order(StringComparer.Ordinal));
        Assert.Equal(
            ExtImage.ReadAttributes(folder["attributes"]).Order(StringComparer.Ordinal),
            nodes.SelectMany(item => tree.ListAttributes(item.Value.Id).Select(name =>
                    $"{item.Key}\t{name}\t{Convert.ToHexStringLower(tree.GetAttribute(item.Value.Id, name)!)}"))
                .Order(StringComparer.Ordinal));
        foreach ((NodeInfo directory, DirectoryEntry entry) in TreeWalk.All(tree))
        {
            Assert.True(tree.TryLookup(directory.Id, entry.Name.Span, out NodeInfo found));
            Assert.Equal(entry.Node, found);
        }

        foreach (NodeInfo node in nodes.Values.Where(node => node.Type == FileType.Regular))
        {
            using BlockSource file = tree.OpenFile(node.Id);
            SourceContract.ExtentsTile(file);
            ExtImage.AssertVerbatim(file, volume);
        }

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
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            unsquashfs -n -d out image > unsquashfs.log 2>&1
            cd out
            find . -type f -exec sha256sum {} + > ../sums
            """);
        using BlockSource volume = FileSource.Open(folder["image"]);
        using FileTree tree = Open(volume);
        Assert.Equal(
            File.ReadLines(folder["sums"]).Order(StringComparer.Ordinal),
            TreeWalk.AllPaths(tree).Where(item => item.Entry.Node.Type == FileType.Regular)
                .Select(item => $"{Sum(tree, item.Entry.Node)}  ./{item.Path}").Order(StringComparer.Ordinal));
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

    private static string Sum(FileTree tree, NodeInfo node)
    {
        using BlockSource file = tree.OpenFile(node.Id);
        return Convert.ToHexStringLower(SHA256.HashData(file.ReadBytes(0, (int)file.Length)));
    }
}
