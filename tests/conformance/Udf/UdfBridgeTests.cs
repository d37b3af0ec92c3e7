using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Udf;
using Imaged.Linux;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Udf;

/// <summary>A bridge disc of genisoimage: the contract on it, and its files against the folder that it was made of.
/// </summary>
public sealed class UdfBridgeTests : FileTreeContract, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Files_are_those_of_the_folder_that_the_disc_was_made_of()
    {
        using BlockSource volume = OpenVolume();
        using FileTree tree = OpenTree(volume);
        string root = _folder["source"];
        string[] expected = [.. Directory.EnumerateFileSystemEntries(root, "*", SearchOption.AllDirectories)
            .Where(path => new FileInfo(path).LinkTarget is null)
            .Select(path => Path.GetRelativePath(root, path)).Order(StringComparer.Ordinal)];

        // genisoimage writes symbolic links into the ISO tree only; in UDF they are empty files.
        (string Path, NodeInfo Directory, DirectoryEntry Entry)[] found =
            [.. TreeWalk.AllPaths(tree).Where(item => item.Path != "link")];
        Assert.Equal(expected, found.Select(item => item.Path).Order(StringComparer.Ordinal));
        foreach ((string path, _, DirectoryEntry entry) in found)
        {
            string file = Path.Combine(root, path);
            Assert.Equal(
                ((DateTimeOffset)File.GetLastWriteTimeUtc(file)).ToUnixTimeSeconds(), entry.Node.Modified.Seconds);
            if (entry.Node.Type == FileType.Regular)
            {
                Assert.Equal(File.ReadAllBytes(file), TreeWalk.ReadFile(tree, path));
            }
            else
            {
                Assert.True(Directory.Exists(file), path);
            }
        }
    }

    [Fact]
    public void Names_and_sizes_are_those_that_7z_lists()
    {
        Requires.Tool("7z");
        using BlockSource volume = OpenVolume();
        using FileTree tree = OpenTree(volume);
        Assert.Equal(
            SevenZip.List(_folder["image"]),
            TreeWalk.AllPaths(tree).Select(SevenZip.Line).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Extents_say_where_the_bytes_stand_in_the_image()
    {
        using BlockSource volume = OpenVolume();
        using FileTree tree = OpenTree(volume);
        byte[] image = File.ReadAllBytes(_folder["image"]);
        using BlockSource file = tree.OpenFile(TreeWalk.Find(tree, "dir/numbers").Id);
        Extent extent = file.GetExtent(5000);
        Assert.Equal((5000, file.Length - 5000, ExtentKind.Data), (extent.Offset, extent.Length, extent.Kind));
        Assert.Equal(
            file.ReadBytes(5000, 3000), image.AsSpan((int)extent.Host!.Value.Offset, 3000).ToArray());
    }

    [Fact]
    public void Udf_stands_before_the_iso_tree()
    {
        using BlockSource volume = OpenVolume();
        Assert.Equal(UdfFileSystem.Id, Formats.FileSystems.Probe(volume)[0].FileSystem);
    }

    protected override BlockSource OpenVolume()
    {
        Requires.Tool("genisoimage");
        if (!File.Exists(_folder["image"]))
        {
            Tool.Shell($$"""
                cd '{{_folder.Path}}'
                mkdir -p source/dir/sub/deep source/empty-dir source/many
                cd source
                seq 60000 > dir/numbers
                seq 30 > small
                : > empty
                ln -s small link
                echo x > 'dir/sub/deep/日本語 ファイル'
                echo y > 'Ünï öö.txt'
                seq -f 'a-name-of-some-length-%03g' 150 | (cd many && xargs touch)
                touch -d '2001-02-03 04:05:06' small dir/sub
                cd ..
                genisoimage -quiet -udf -R -J -V BRIDGE -o image source 2> log
                """);
        }

        return FileSource.Open(_folder["image"]);
    }

    protected override FileTree OpenTree(BlockSource volume) => UdfSample.OpenTree(volume);
}

/// <summary>Listings of 7z.</summary>
internal static class SevenZip
{
    /// <summary>Path and size of each file, path and <c>/</c> of each directory, sorted.</summary>
    public static string[] List(string image)
    {
        List<string> lines = [];
        string path = string.Empty;
        bool folder = false;

        // The first group describes the archive; 7z ends with 2 where the image has a tail that it did not expect.
        string text = Tool.TryRun("7z", "l", "-slt", "-tudf", image).Text;
        foreach (string line in text[text.IndexOf("----------", StringComparison.Ordinal)..].Split('\n'))
        {
            string[] parts = line.Split(" = ", 2);
            switch (parts[0])
            {
                case "Path":
                    path = parts[1];
                    break;
                case "Folder":
                    folder = parts[1] == "+";
                    break;
                case "Size":
                    lines.Add(folder ? path + "/" : path + " " + parts[1]);
                    break;
                default:
                    break;
            }
        }

        lines.Sort(StringComparer.Ordinal);
        return [.. lines];
    }

    /// <summary>The same of an entry of a tree.</summary>
    public static string Line((string Path, NodeInfo Directory, DirectoryEntry Entry) item) =>
        item.Entry.Node.Type == FileType.Directory
            ? item.Path + "/"
            : item.Path + " " + item.Entry.Node.Size.ToString(CultureInfo.InvariantCulture);
}
