using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Xunit;

namespace Imaged.TestKit;

/// <summary>A node of a tree as one line of text, the same for a folder of the host and for a file tree.</summary>
public static class HostTree
{
    /// <summary>What <c>find</c> and <c>sha256sum</c> say of a folder of the host, by path.</summary>
    /// <param name="folder">Its path.</param>
    /// <param name="full">Whether with owner, permissions, links and time, or only type, length, content,
    /// target.</param>
    public static SortedDictionary<string, string> Of(string folder, bool full)
    {
        SortedDictionary<string, string> all = new(StringComparer.Ordinal);
        string format = full ? "%P\\t%y %m %U %G %n %T@ %l\\0" : "%P\\t%y %l\\0";
        foreach (string item in Split(Tool.Run("find", folder, "-mindepth", "1", "-printf", format).Text))
        {
            int tab = item.IndexOf('\t', StringComparison.Ordinal);
            string path = item[..tab];
            string line = item[(tab + 1)..].TrimEnd();
            if (full && line[0] == 'd')
            {
                // The links of a directory are the file system's business.
                string[] words = line.Split(' ');
                words[4] = "-";
                line = string.Join(' ', words);
            }

            string real = Path.Combine(folder, path);
            all[path] = line.Replace(".0000000000", string.Empty, StringComparison.Ordinal) + (line[0] switch
            {
                'f' => " " + Hash(real),
                'b' or 'c' when full => " " + Tool.Run("stat", "--printf=0x%t 0x%T", real).Text,
                _ => string.Empty,
            });
        }

        return all;
    }

    /// <summary>What a file tree says, by path.</summary>
    public static SortedDictionary<string, string> Of(FileTree tree, bool full)
    {
        SortedDictionary<string, string> all = new(StringComparer.Ordinal);
        foreach ((string path, NodeInfo _, DirectoryEntry entry) in TreeWalk.AllPaths(tree))
        {
            NodeInfo node = entry.Node;
            StringBuilder line = new();
            char type = node.Type switch
            {
                FileType.Regular => 'f',
                FileType.Directory => 'd',
                FileType.SymbolicLink => 'l',
                FileType.BlockDevice => 'b',
                FileType.CharacterDevice => 'c',
                FileType.Fifo => 'p',
                _ => 's',
            };
            line.Append(type);
            if (full)
            {
                string links = type == 'd' ? "-" : node.Links.ToString(CultureInfo.InvariantCulture);
                line.Append(
                    CultureInfo.InvariantCulture, $" {Convert.ToString(node.Permissions, 8)} {node.Uid} {node.Gid}")
                    .Append(CultureInfo.InvariantCulture, $" {links} {node.Modified.Seconds}");
            }

            if (type == 'l')
            {
                line.Append(' ').Append(Encoding.UTF8.GetString(tree.ReadLink(node.Id).Span));
            }
            else if (type == 'f')
            {
                line.Append(' ').Append(Hash(tree, node));
            }
            else if (full && type is 'b' or 'c')
            {
                line.Append(CultureInfo.InvariantCulture, $" 0x{node.DeviceMajor:x} 0x{node.DeviceMinor:x}");
            }

            if (!all.TryAdd(path, line.ToString()))
            {
                throw new InvalidOperationException($"{path} is listed twice");
            }
        }

        return all;
    }

    /// <summary>Fails with the lines in which two trees differ: <c>-</c> those expected, <c>+</c> those
    /// found.</summary>
    public static void AssertSame(SortedDictionary<string, string> expected, SortedDictionary<string, string> actual)
    {
        string difference = string.Join('\n', [
            .. expected.Where(item => !actual.TryGetValue(item.Key, out string? found) || found != item.Value)
                .Select(item => $"- {item.Key}: {item.Value}"),
            .. actual.Where(item => !expected.TryGetValue(item.Key, out string? wanted) || wanted != item.Value)
                .Select(item => $"+ {item.Key}: {item.Value}"),
        ]);
        Assert.True(difference.Length == 0, difference);
    }

    private static string Hash(string path)
    {
        using FileStream file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    private static string Hash(FileTree tree, NodeInfo node)
    {
        using BlockSource file = tree.OpenFile(node.Id);
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[65536];
        for (long offset = 0; offset < file.Length; offset += buffer.Length)
        {
            int count = file.ReadUpTo(offset, buffer);
            hash.AppendData(buffer, 0, count);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static string[] Split(string text) => text.Split('\0', StringSplitOptions.RemoveEmptyEntries);
}
