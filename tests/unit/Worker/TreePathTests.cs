using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.Worker.Run;
using Xunit;

namespace Imaged.UnitTests.Worker;

public sealed class TreePathTests
{
    [Theory]
    [InlineData("a/file", "file")]
    [InlineData("/a/./b/../file", "file")]
    [InlineData("../../a/file", "file")]
    [InlineData("to-a/file", "file")]
    [InlineData("absolute", "file")]
    public void A_path_is_walked_as_the_kernel_would(string path, string content)
    {
        using FileTree tree = CreateTree();
        NodeInfo node = TreePath.Find(tree, path, follow: true);
        using BlockSource file = tree.OpenFile(node.Id);
        Assert.Equal(content, Encoding.UTF8.GetString(file.ReadBytes(0, (int)file.Length)));
    }

    [Fact]
    public void A_link_at_the_end_is_followed_only_when_asked_for()
    {
        using FileTree tree = CreateTree();
        Assert.Equal(FileType.SymbolicLink, TreePath.Find(tree, "absolute", follow: false).Type);
        Assert.Equal(FileType.Regular, TreePath.Find(tree, "absolute", follow: true).Type);
    }

    [Theory]
    [InlineData("missing")]
    [InlineData("a/file/below")]
    [InlineData("circle")]
    public void What_is_not_there_is_not_found(string path)
    {
        using FileTree tree = CreateTree();
        Assert.Throws<FileNotFoundException>(() => TreePath.Find(tree, path, follow: true));
    }

    private static FileTree CreateTree()
    {
        MemoryTree tree = new();
        ulong a = tree.AddDirectory(tree.Root.Id, "a");
        tree.AddDirectory(a, "b");
        tree.AddFile(a, "file", new MemorySource("file"u8.ToArray()));
        tree.AddLink(tree.Root.Id, "to-a", "a");
        tree.AddLink(tree.Root.Id, "absolute", "/to-a/file");
        tree.AddLink(tree.Root.Id, "circle", "circle");
        return tree;
    }
}
