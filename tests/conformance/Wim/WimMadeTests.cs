using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.Formats.Wim;
using Imaged.Linux;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Wim;

/// <summary>Images made by wimlib: what the tree shows against the folder that they were made of.</summary>
public sealed class WimMadeTests : IClassFixture<WimSourceFolder>
{
    private readonly WimSourceFolder _source;

    public WimMadeTests(WimSourceFolder source)
    {
        _source = source;
    }

    [Theory]
    [InlineData("--compress=none")]
    [InlineData("--compress=XPRESS")]
    [InlineData("--compress=XPRESS --chunk-size=4096")]
    [InlineData("--compress=XPRESS --chunk-size=65536 --check")]
    [InlineData("--compress=LZX")]
    [InlineData("--compress=LZX:20 --chunk-size=65536")]
    [InlineData("--compress=LZX --chunk-size=262144")]
    [InlineData("--compress=LZX --chunk-size=2097152")]
    public void Files_are_those_of_the_folder(string options)
    {
        Requires.Root();
        Requires.Tool("wimlib-imagex");
        using TemporaryFolder folder = new();
        Capture(folder, $"{options} --unix-data");
        using FolderFiles files = new(folder.Path, "image.wim");
        using DiskImage image = Open(files, "image.wim");
        using FileTree tree = Open(image.Content);
        HostTree.AssertSame(HostTree.Of(_source.Folder, full: true), HostTree.Of(tree, full: true));
        TreeContract.EntriesAreFound(tree);
        TreeContract.ExtentsAreVerbatim(tree, image.Content);
        Assert.Empty(RecordedCheck.Run(image).Problems);
    }

    [Fact]
    public void Files_of_a_split_image_are_those_of_the_folder()
    {
        Requires.Root();
        Requires.Tool("wimlib-imagex");
        using TemporaryFolder folder = new();
        Capture(folder, "--compress=XPRESS --unix-data");
        Tool.Shell($"cd '{folder.Path}'; wimlib-imagex split image.wim part.swm 0.5 --check > split.log 2>&1");
        Assert.True(File.Exists(folder["part3.swm"]));
        using FolderFiles files = new(folder.Path, "part.swm");
        using DiskImage image = Open(files, "part.swm");
        using FileTree tree = Open(image.Content);
        HostTree.AssertSame(HostTree.Of(_source.Folder, full: true), HostTree.Of(tree, full: true));
        TreeContract.EntriesAreFound(tree);
        RecordedCheck check = RecordedCheck.Run(image);
        Assert.Empty(check.Problems);
        Assert.Contains(check.Confirmed, what => what.EndsWith("pieces of part 3", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("--compress=LZMS", "LZMS")]
    [InlineData("--solid", "LZMS")]
    [InlineData("--compress=XPRESS --solid --solid-compress=XPRESS", "solid")]
    [InlineData("--pipable --compress=XPRESS", "pipable")]
    public void What_is_not_read_is_refused_by_name(string options, string name)
    {
        Requires.Tool("wimlib-imagex");
        using TemporaryFolder folder = new();
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            mkdir source
            seq 30000 > source/numbers
            wimlib-imagex capture source image.wim {{options}} > make.log 2>&1
            """);
        using BlockSource volume = FileSource.Open(folder["image.wim"]);
        Assert.Equal("wim", WimFileSystem.Probe(volume)?.FileSystem);
        UnsupportedFeatureException error = Assert.Throws<UnsupportedFeatureException>(() =>
        {
            using FileTree tree = Open(volume);
            using BlockSource file = tree.OpenFile(TreeWalk.Find(tree, "numbers").Id);
        });
        Assert.Contains(name, error.Feature, StringComparison.Ordinal);
    }

    [Fact]
    public void Streams_and_security_descriptors_of_ntfs_are_attributes()
    {
        Requires.Root();
        Requires.Tool("wimlib-imagex", "mkfs.ntfs", "ntfscp", "ntfs-3g", "getfattr");
        using TemporaryFolder folder = new();
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            truncate -s 8M ntfs
            mkfs.ntfs -F -q ntfs > make.log 2>&1
            seq 9 > text
            seq 500 > other
            ntfscp ntfs text file >> make.log 2>&1
            ntfscp -N second ntfs other file >> make.log 2>&1
            wimlib-imagex capture ntfs image.wim --compress=LZX >> make.log 2>&1
            mkdir mnt
            ntfs-3g -o ro ntfs mnt
            getfattr --only-values -n system.ntfs_acl mnt/file > acl
            umount mnt
            """);
        using BlockSource volume = FileSource.Open(folder["image.wim"]);
        using FileTree tree = Open(volume);
        NodeInfo node = TreeWalk.Find(tree, "file");
        using BlockSource file = tree.OpenFile(node.Id);
        Assert.Equal(File.ReadAllBytes(folder["text"]), file.ReadBytes(0, (int)file.Length));
        Assert.Equal(["system.ntfs_acl", "user.second"], tree.ListAttributes(node.Id).Order());
        Assert.Equal(File.ReadAllBytes(folder["other"]), tree.GetAttribute(node.Id, "user.second"));
        Assert.Equal(File.ReadAllBytes(folder["acl"]), tree.GetAttribute(node.Id, "system.ntfs_acl"));
        Assert.Null(tree.GetAttribute(node.Id, "user.third"));
    }

    private static DiskImage Open(FolderFiles files, string name) =>
        ImageFormats.Open(new ImageOpener(files.First, name, files, new BlockCache(8 << 20)), null);

    private static FileTree Open(BlockSource volume) =>
        WimFileSystem.Open(volume, new FileTreeOptions(new BlockCache(8 << 20)));

    private void Capture(TemporaryFolder folder, string options) => Tool.Shell(
        $"wimlib-imagex capture '{_source.Folder}' '{folder["image.wim"]}' {options} > '{folder["log"]}' 2>&1");
}
