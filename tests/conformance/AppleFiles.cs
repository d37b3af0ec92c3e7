using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance;

/// <summary>Volumes of macOS against what 7z extracts from them.</summary>
internal static class AppleFiles
{
    /// <summary>The volume on a disk that holds a file system: a partition, or the whole disk.</summary>
    public static BlockSource VolumeOf(BlockSource disk, string fileSystem)
    {
        foreach (Partition partition in PartitionTables.Read(disk)?.Partitions ?? [])
        {
            SliceSource slice = new(disk, partition.Offset, partition.Length);
            if (FileSystems.Find(fileSystem)!.Probe(slice) is not null)
            {
                return slice;
            }
        }

        return new SliceSource(disk, 0, disk.Length);
    }

    /// <summary>Compares names, contents, targets of links, attributes and resource forks.</summary>
    /// <param name="type">What 7z calls the file system.</param>
    /// <param name="volume">The volume.</param>
    /// <param name="tree">Our tree on it.</param>
    /// <param name="root">The folder that 7z puts all into; empty for none.</param>
    public static void CompareWith7z(string type, BlockSource volume, FileTree tree, string root)
    {
        Requires.Tool("7z");
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["volume"], volume.ReadBytes(0, (int)volume.Length));
        Tool.TryRun("7z", "x", "-t" + type, "-y", "-o" + folder["out"], folder["volume"]);

        // Attributes and resource forks are files of their own there.
        string files = Path.Combine(folder["out"], root);
        Directory.CreateDirectory(files);
        SortedDictionary<string, string> actual = HostTree.Of(tree, full: false);
        SortedDictionary<string, string> expected = HostTree.Of(files, full: false);
        foreach (string path in expected.Keys.ToArray())
        {
            if (path.LastIndexOf(':') is > 0 and int colon && expected.ContainsKey(path[..colon]))
            {
                CompareAttribute(tree, path[..colon], path[(colon + 1)..], Path.Combine(files, path));
                expected.Remove(path);
            }
            else if (path.Contains("HFS+ Private", StringComparison.Ordinal))
            {
                expected.Remove(path);
            }
            else if (actual.GetValueOrDefault(path)?.StartsWith("l ", StringComparison.Ordinal) == true)
            {
                // It changes or leaves out targets that lead out of where it extracts to; their text it prints.
                string inside = root.Length == 0 ? path : $"{root}/{path}";
                string target = Tool.Run("7z", "e", "-so", "-t" + type, folder["volume"], inside).Text;
                expected[path] = "l " + target.TrimEnd('\0');
            }
        }

        HostTree.AssertSame(expected, actual);
    }

    private static void CompareAttribute(FileTree tree, string path, string name, string expected)
    {
        ulong node = TreeWalk.Find(tree, path).Id;
        byte[]? value = tree.GetAttribute(node, "user." + (name == "rsrc" ? "com.apple.ResourceFork" : name));
        byte[] bytes = File.ReadAllBytes(expected);
        Assert.True(
            value is null ? bytes.Length > 65536 : bytes.AsSpan().SequenceEqual(value), $"attribute {name} of {path}");
    }
}
