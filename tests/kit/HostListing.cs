using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Xunit;

namespace Imaged.TestKit;

/// <summary>What <c>stat</c>, <c>sha256sum</c>, <c>find</c> and <c>getfattr</c> say of a folder, written down in files,
/// and the same of a file tree.</summary>
/// <param name="folder">Holds the files <c>stat</c>, <c>sums</c>, <c>links</c> and <c>attributes</c>.</param>
/// <param name="nodes">The nodes of the tree to compare, by path.</param>
public sealed class HostListing(TemporaryFolder folder, IReadOnlyDictionary<string, NodeInfo> nodes)
{
    // A file of some TB with a hole, as tests make them, would keep sha256sum busy for hours.
    private const int MaxSummedMib = 64;

    private const string StatFormat =
        @"%n\t%f\t%h\t%u\t%g\t%s\t%b\t%i\t%t\t%T\t%.9X\t%.9Y\t%.9Z\t%.9W\n";

    /// <summary>Commands that write the files into the folder above the current one, whose content they list.</summary>
    public static string Commands { get; } = string.Create(CultureInfo.InvariantCulture, $$"""
        find . -mindepth 1 -exec stat --printf='{{StatFormat}}' {} + > ../stat
        find . -type f ! -size +{{MaxSummedMib}}M -exec sha256sum {} + > ../sums
        find . -type l -printf '%p\t%l\n' > ../links
        """);

    /// <summary>A command that does so for the extended attributes.</summary>
    public static string AttributeCommand => "getfattr -R -P -h -d -m - -e hex . > ../attributes";

    /// <summary>What <c>stat</c> said, sorted: path with <c>./</c>, mode, links, owner, group, size, blocks, inode,
    /// device numbers, times of access, modification, change and birth, between tabs; numbers of mode and device in
    /// hex.</summary>
    public string[] Stat => Read("stat");

    /// <summary>A node as a line of <see cref="Stat"/>.</summary>
    public static string StatOf(string path, NodeInfo node)
    {
        string device = string.Create(CultureInfo.InvariantCulture, $"{node.DeviceMajor:x}\t{node.DeviceMinor:x}");
        string owner = string.Create(CultureInfo.InvariantCulture, $"{node.Links}\t{node.Uid}\t{node.Gid}");
        string created = node.Created is { } time ? Time(time) : "0.000000000";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"./{path}\t{node.Mode:x}\t{owner}\t{node.Size}\t{node.AllocatedBytes / 512}\t{node.Inode}\t{device}\t")
            + $"{Time(node.Accessed)}\t{Time(node.Modified)}\t{Time(node.Changed)}\t{created}";
    }

    /// <summary>All nodes below the root, by path.</summary>
    public static Dictionary<string, NodeInfo> NodesOf(FileTree tree) =>
        TreeWalk.AllPaths(tree).ToDictionary(item => item.Path, item => item.Entry.Node);

    /// <summary>Fails unless the nodes are those of <see cref="Stat"/>.</summary>
    /// <param name="comparable">What of a line is to be compared.</param>
    public void AssertNodes(Func<string, string> comparable) => Assert.Equal(
        Stat.Select(comparable).Order(StringComparer.Ordinal),
        nodes.Select(item => comparable(StatOf(item.Key, item.Value))).Order(StringComparer.Ordinal));

    /// <summary>Fails unless files have the same bytes and links the same targets.</summary>
    public void AssertContent(FileTree tree)
    {
        Assert.Equal(
            Read("links"),
            nodes.Where(item => item.Value.Type == FileType.SymbolicLink)
                .Select(item => $"./{item.Key}\t{Encoding.UTF8.GetString(tree.ReadLink(item.Value.Id).Span)}")
                .Order(StringComparer.Ordinal));
        Assert.Equal(
            Read("sums"),
            nodes.Where(item => item.Value is { Type: FileType.Regular, Size: <= (long)MaxSummedMib << 20 })
                .Select(item => $"{Sum(tree, item.Value)}  ./{item.Key}").Order(StringComparer.Ordinal));
    }

    /// <summary>Fails unless nodes have the same extended attributes.</summary>
    public void AssertAttributes(FileTree tree) => Assert.Equal(
        ReadAttributes().Order(StringComparer.Ordinal),
        nodes.SelectMany(item => tree.ListAttributes(item.Value.Id).Select(name =>
                $"{item.Key}\t{name}\t{Convert.ToHexStringLower(tree.GetAttribute(item.Value.Id, name)!)}"))
            .Order(StringComparer.Ordinal));

    // stat prints times before 1970 as a negative number with its fraction.
    private static string Time(Timestamp time) => time.Seconds >= 0 || time.Nanoseconds == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{time.Seconds}.{time.Nanoseconds:D9}")
        : string.Create(CultureInfo.InvariantCulture, $"-{-time.Seconds - 1}.{1_000_000_000 - time.Nanoseconds:D9}");

    private static string Sum(FileTree tree, NodeInfo node)
    {
        using BlockSource file = tree.OpenFile(node.Id);
        return Convert.ToHexStringLower(SHA256.HashData(file.ReadBytes(0, (int)file.Length)));
    }

    private string[] Read(string name) => [.. File.ReadLines(folder[name]).Order(StringComparer.Ordinal)];

    // Path, name and value in hex of what getfattr dumped.
    private IEnumerable<string> ReadAttributes()
    {
        string file = string.Empty;
        foreach (string line in File.ReadLines(folder["attributes"]))
        {
            if (line.StartsWith("# file: ", StringComparison.Ordinal))
            {
                file = Unescape(line["# file: ".Length..]);
            }
            else if (line.Length > 0)
            {
                int split = line.IndexOf('=', StringComparison.Ordinal);
                string name = split < 0 ? line : line[..split];
                string value = split < 0 ? string.Empty : line[(split + 1)..].Trim('"');
                value = value.StartsWith("0x", StringComparison.Ordinal) ? value[2..] : value;
                yield return $"{file}\t{name}\t{value}";
            }
        }
    }

    // getfattr prints bytes that are no ASCII as \ooo.
    private static string Unescape(string text)
    {
        List<byte> bytes = [];
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\')
            {
                bytes.Add(Convert.ToByte(text.Substring(i + 1, 3), 8));
                i += 3;
            }
            else
            {
                bytes.AddRange(Encoding.UTF8.GetBytes(text[i].ToString()));
            }
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }
}
