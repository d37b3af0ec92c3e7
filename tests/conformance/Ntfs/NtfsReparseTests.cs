using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Linux;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Ntfs;

/// <summary>Links of Windows, and files that Windows compressed as a whole: their reparse points and streams are put
/// into volumes by ntfs-3g.</summary>
public sealed class NtfsReparseTests
{
    private const uint Relative = 1;
    private const string ToRoot = "Users/me/to-root";

    [Fact]
    public void Links_lead_to_where_ntfs3g_says()
    {
        Requires.Tool(NtfsImage.Tools);
        using TemporaryFolder folder = new();
        StringBuilder fill = new("mkdir -p Users/me/deep other; echo x > Users/me/file\n");
        foreach ((string path, uint tag, bool isDirectory, byte[] data) in Links())
        {
            fill.Append(isDirectory ? $"mkdir '{path}'\n" : $": > '{path}'\n")
                .Append($"setfattr -h -n system.ntfs_reparse_data -v 0x{Hex(tag, data)} '{path}'\n");
        }

        // ntfs-3g gives absolute targets on this volume with its mount point before them, or from the link on.
        string image = NtfsImage.Make(
            folder, "-c 4096", "16M", fill.ToString(), "find . -type l -printf '%P\\t%l\\n' > ../links; pwd > ../here");
        string here = File.ReadAllText(folder["here"]).Trim();
        Dictionary<string, string> shown = File.ReadAllLines(folder["links"])
            .Select(line => line.Split('\t')).ToDictionary(line => line[0], line => line[1]);
        using FileSource volume = FileSource.Open(image);
        using FileTree tree = NtfsImage.Open(volume);
        foreach ((string path, _, _, _) in Links())
        {
            NodeInfo node = TreeWalk.Find(tree, path);
            Assert.Equal(FileType.SymbolicLink, node.Type);
            string target = Encoding.UTF8.GetString(tree.ReadLink(node.Id).Span);
            Assert.Equal(target.Length, node.Size);

            // A drive as such it takes for another one than the volume's.
            string expected = path == ToRoot ? here : shown[path];
            string folderOf = Path.GetDirectoryName(path)!;
            Assert.Equal(
                expected.StartsWith('/') ? expected : Path.GetFullPath(Path.Combine(here, folderOf, expected)),
                Path.GetFullPath(Path.Combine(here, folderOf, target)).TrimEnd('/'));
        }
    }

    [Theory]
    [InlineData("xpress", 4096, 0)]
    [InlineData("xpress", 8192, 2)]
    [InlineData("xpress", 16384, 3)]
    [InlineData("lzx", 32768, 1)]
    public void What_wimlib_compresses_is_read_as_windows_stores_it(string method, int piece, uint number)
    {
        Requires.Tool([.. NtfsImage.Tools, "wimlib-imagex"]);
        using TemporaryFolder folder = new();

        // A resource of an image of Windows is laid out as the stream is: a table of the pieces, and the pieces.
        Tool.Shell($"""
            cd '{folder.Path}'
            mkdir source
            (seq 40000; cat /bin/bash; head -c 70000 /dev/urandom; head -c 200000 /dev/zero; seq 77) > source/file
            wimlib-imagex capture source wim --compress={method} --chunk-size={piece} --no-acls > log 2>&1
            wimlib-imagex info wim --blobs > blobs
            """);
        long[] place = [.. File.ReadAllLines(folder["blobs"])
            .Where(line => line.StartsWith("Offset", StringComparison.Ordinal)
                || line.StartsWith("Compressed size", StringComparison.Ordinal)
                || line.StartsWith("Uncompressed size", StringComparison.Ordinal))
            .Select(line => Number(line.Split('=')[1]))];
        long length = new FileInfo(folder["source/file"]).Length;
        int at = Array.IndexOf(place, length);
        Assert.True(at >= 0, File.ReadAllText(folder["blobs"]));
        byte[] wim = File.ReadAllBytes(folder["wim"]);
        File.WriteAllBytes(folder["stored"], wim[(int)place[at + 2]..(int)(place[at + 2] + place[at + 1])]);
        byte[] info = new byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(info, 1);
        BinaryPrimitives.WriteUInt32LittleEndian(info.AsSpan(4), 2);
        BinaryPrimitives.WriteUInt32LittleEndian(info.AsSpan(8), 1);
        BinaryPrimitives.WriteUInt32LittleEndian(info.AsSpan(12), number);
        string image = NtfsImage.Make(
            folder,
            "-c 4096",
            "24M",
            $"truncate -s {length} file; cat ../stored > file:WofCompressedData\n"
                + $"setfattr -h -n system.ntfs_reparse_data -v 0x{Hex(0x80000017, info)} file",
            mountOptions: "streams_interface=windows");
        using FileSource volume = FileSource.Open(image);
        using FileTree tree = NtfsImage.Open(volume);
        byte[] expected = File.ReadAllBytes(folder["source/file"]);
        NodeInfo node = TreeWalk.Find(tree, "file");
        Assert.Equal(expected.Length, node.Size);
        Assert.True(expected.AsSpan().SequenceEqual(TreeWalk.ReadFile(tree, "file")), "the content");
        using BlockSource file = tree.OpenFile(node.Id);
        Assert.Equal(expected[100_000..100_010], file.ReadBytes(100_000, 10));
        Assert.Empty(tree.ListAttributes(node.Id));
    }

    [Theory]
    [InlineData(0x80000013, "deduplicated")]
    [InlineData(0xc0000004, "elsewhere")]
    public void A_file_whose_content_is_not_here_is_listed_and_refused_by_name(uint tag, string reason)
    {
        Requires.Tool(NtfsImage.Tools);
        using TemporaryFolder folder = new();
        string image = NtfsImage.Make(
            folder,
            "-c 4096",
            "16M",
            $"echo x > file; setfattr -h -n system.ntfs_reparse_data -v 0x{Hex(tag, [1, 2, 3, 4])} file");
        using FileSource volume = FileSource.Open(image);
        using FileTree tree = NtfsImage.Open(volume);
        NodeInfo node = TreeWalk.Find(tree, "file");
        Assert.Equal((FileType.Regular, 2L), (node.Type, node.Size));
        UnsupportedFeatureException error =
            Assert.Throws<UnsupportedFeatureException>(() => tree.OpenFile(node.Id));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    private static (string Path, uint Tag, bool IsDirectory, byte[] Data)[] Links() =>
    [
        ("relative", 0xa000000c, false, Names(@"Users\me\file", Relative)),
        ("Users/up", 0xa000000c, true, Names(@"..\other", Relative)),
        ("Users/me/deep/absolute", 0xa000000c, false, Names(@"\??\C:\Users\me\file", 0)),
        ("junction", 0xa0000003, true, Names(@"\??\C:\Users\me", null)),
        ("Users/me/junction", 0xa0000003, true, Names(@"\??\C:\other", null)),
        (ToRoot, 0xa0000003, true, Names(@"\??\C:\", null)),
    ];

    // [MS-FSCC] 2.1.2.4 and 2.1.2.5: where the two names stand, flags of a symbolic link, the names.
    private static byte[] Names(string target, uint? flags)
    {
        byte[] name = Encoding.Unicode.GetBytes(target);
        byte[] print = Encoding.Unicode.GetBytes(target.Replace(@"\??\", string.Empty, StringComparison.Ordinal));
        using MemoryStream data = new();
        using BinaryWriter writer = new(data);
        writer.Write((ushort)0);
        writer.Write((ushort)name.Length);
        writer.Write((ushort)(name.Length + 2));
        writer.Write((ushort)print.Length);
        if (flags is { } value)
        {
            writer.Write(value);
        }

        writer.Write(name);
        writer.Write((ushort)0);
        writer.Write(print);
        writer.Write((ushort)0);
        return data.ToArray();
    }

    private static string Hex(uint tag, byte[] data)
    {
        byte[] raw = new byte[8 + data.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(raw, tag);
        BinaryPrimitives.WriteUInt16LittleEndian(raw.AsSpan(4), (ushort)data.Length);
        data.CopyTo(raw, 8);
        return Convert.ToHexStringLower(raw);
    }

    private static long Number(string text)
    {
        string word = text.Trim().Split(' ')[0];
        return word.StartsWith("0x", StringComparison.Ordinal)
            ? Convert.ToInt64(word[2..], 16)
            : long.Parse(word, CultureInfo.InvariantCulture);
    }
}
