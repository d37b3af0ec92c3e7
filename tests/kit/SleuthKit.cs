using System.Security.Cryptography;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.TestKit;

/// <summary>What <c>fls</c> and <c>icat</c> of The Sleuth Kit say of a volume.</summary>
public static class SleuthKit
{
    /// <summary>The programs.</summary>
    public static string[] Tools => ["fls", "icat"];

    /// <summary>Fails unless a tree has the files and directories that <c>fls</c> lists, and their content is what
    /// <c>icat</c> extracts.</summary>
    /// <param name="tree">The tree.</param>
    /// <param name="image">Path of the volume.</param>
    /// <param name="type">File system, as <c>fls -f</c> takes it.</param>
    /// <param name="isShown">Which paths a tree is to show.</param>
    public static void AssertSame(FileTree tree, string image, string type, Func<string, bool> isShown)
    {
        SortedDictionary<string, string> expected = new(StringComparer.Ordinal);
        foreach (string line in Tool.Run("fls", "-f", type, "-r", "-p", "-u", image).Text
            .Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            // "r/r 64-128-2:", a tab, a path. A named stream is a line of its own, with a colon in the path.
            int tab = line.IndexOf('\t', StringComparison.Ordinal);
            string path = line[(tab + 1)..];
            string address = line[..tab].Split(' ')[^1].TrimEnd(':');
            if (line[0] is 'r' or 'd' && isShown(path))
            {
                expected[path] = line[0] == 'd' ? "d" : Hash(Tool.Run("icat", "-f", type, image, address).Output);
            }
        }

        SortedDictionary<string, string> actual = new(StringComparer.Ordinal);
        foreach ((string path, NodeInfo _, DirectoryEntry entry) in TreeWalk.AllPaths(tree))
        {
            actual[path] = entry.Node.Type == FileType.Directory ? "d" : Hash(Read(tree, entry.Node));
        }

        HostTree.AssertSame(expected, actual);
    }

    private static byte[] Read(FileTree tree, NodeInfo node)
    {
        using BlockSource file = tree.OpenFile(node.Id);
        return file.ReadBytes(0, (int)file.Length);
    }

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
