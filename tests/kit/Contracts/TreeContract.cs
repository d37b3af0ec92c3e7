using Imaged.Blocks;
using Imaged.Formats.Model;
using Xunit;

namespace Imaged.TestKit.Contracts;

/// <summary>What every file tree must do, on a tree that a test has open.</summary>
public static class TreeContract
{
    /// <summary>Every entry is found by its name, as the node that the directory lists.</summary>
    public static void EntriesAreFound(FileTree tree)
    {
        foreach ((NodeInfo directory, DirectoryEntry entry) in TreeWalk.All(tree))
        {
            Assert.True(tree.TryLookup(directory.Id, entry.Name.Span, out NodeInfo found), TreeWalk.Text(entry.Name));
            Assert.Equal(entry.Node, found);
        }
    }

    /// <summary>The extents of every file tile it, and where one names a place in the volume, the bytes are
    /// there.</summary>
    public static void ExtentsAreVerbatim(FileTree tree, BlockSource volume)
    {
        foreach (NodeInfo node in TreeWalk.Files(tree))
        {
            using BlockSource file = tree.OpenFile(node.Id);
            SourceContract.ExtentsTile(file);
            SourceContract.ExtentsAreVerbatim(file, volume);
        }
    }
}
