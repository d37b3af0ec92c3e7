using System.Globalization;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Fuse.Abi;
using Imaged.Fuse.Handlers;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Fuse;

public sealed class TreeTests
{
    private static readonly Timestamp Time = new(1_600_000_000, 123_456_789);

    [Fact]
    public void Ls_and_find_see_what_the_tree_holds()
    {
        FuseMount.Require();
        using MemoryTree tree = new();
        ulong folder = tree.AddDirectory(MemoryTree.RootId, "folder", info => info with { Modified = Time });
        ulong file = tree.AddFile(folder, "file", Text("hello\n"), info => info with
        {
            Uid = 12, Gid = 34, Permissions = 0x1A8, Modified = Time, Accessed = new(-5, 0), Changed = new(7, 0),
            Created = new(99, 0), Inode = 4711,
        });
        tree.AddHardLink(MemoryTree.RootId, "other name", file);
        tree.AddLink(MemoryTree.RootId, "link", "folder/file");
        tree.AddSpecial(MemoryTree.RootId, "pipe", FileType.Fifo);
        tree.AddSpecial(MemoryTree.RootId, "disk", FileType.BlockDevice, info => info with
        {
            DeviceMajor = 259, DeviceMinor = 70000,
        });
        using TreeHandler handler = new(tree, new());
        using ServedMount served = new(handler);
        string listing = Tool.Shell(
            $"cd '{served.Mount.Path}' && find . -printf '%P|%y|%m|%n|%U:%G|%s|%T@|%l\\n' | sort").Text;
        Assert.Equal(
            """
            disk|b|644|1|0:0|0|0.0000000000|
            folder/file|f|650|2|12:34|6|1600000000.1234567890|
            folder|d|755|2|0:0|0|1600000000.1234567890|
            link|l|777|1|0:0|11|0.0000000000|folder/file
            other name|f|650|2|12:34|6|1600000000.1234567890|
            pipe|p|644|1|0:0|0|0.0000000000|
            |d|755|2|0:0|0|0.0000000000|

            """.ReplaceLineEndings("\n"),
            listing);
        Assert.Equal("hello\n", Tool.Run("cat", served["link"]).Text);
        Assert.Equal("4711 -5 7 99\n", Tool.Run("stat", "-c", "%i %X %Z %W", served["other name"]).Text);
        Assert.Equal("103 11170\n", Tool.Run("stat", "-c", "%t %T", served["disk"]).Text);
        Tool.Shell($"[ '{served["other name"]}' -ef '{served["folder/file"]}' ]");
        Assert.NotEmpty(Tool.Run("ls", "-laiR", served.Mount.Path).Text);
        Assert.Equal("1048576\n", Tool.Shell($"echo $(( $(stat -f -c '%b * %S' '{served.Mount.Path}') ))").Text);
        Assert.Empty(served.Failures);
    }

    [Fact]
    public void A_large_directory_is_listed_completely_by_stat_and_by_name()
    {
        FuseMount.Require();
        const int count = 20_000;
        using MemoryTree tree = new();
        ulong folder = tree.AddDirectory(MemoryTree.RootId, "large");
        using MemorySource empty = new(ReadOnlyMemory<byte>.Empty);
        StringBuilder expected = new();
        for (int i = 0; i < count; i++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"a name of some length {i:D6}");
            tree.AddFile(folder, name, empty);
            expected.Append(name).Append('\n');
        }

        using TreeHandler handler = new(tree, new());
        using ServedMount served = new(handler);
        Assert.Equal(expected.ToString(), Tool.Run("ls", "-U", served["large"]).Text);
        Assert.Equal(expected.ToString(), Tool.Run("find", served["large"], "-type", "f", "-printf", "%f\n").Text);

        // With attributes: one look-up each at first; then it is known what is wanted, and READDIRPLUS brings them.
        string find = $"find '{served["large"]}' -size 0 -type f -newermt 1960-01-01 | wc -l";
        Assert.Equal($"{count}\n", Tool.Shell(find).Text);
        Tool.Shell($"echo 3 > /proc/sys/vm/drop_caches");
        long before = served.Session.Counters.Requests;
        Assert.Equal($"{count}\n", Tool.Shell(find).Text);
        Assert.InRange(served.Session.Counters.Requests - before, 1, count / 2);
    }

    [Fact]
    public void A_tree_is_listed_by_name_and_by_stat_with_few_requests()
    {
        FuseMount.Require();
        const int folders = 40;
        const int files = 150;
        using MemoryTree tree = new();
        using MemorySource empty = new(ReadOnlyMemory<byte>.Empty);
        for (int i = 0; i < folders; i++)
        {
            ulong folder = tree.AddDirectory(MemoryTree.RootId, $"folder {i}");
            for (int j = 0; j < files; j++)
            {
                tree.AddFile(folder, $"file {j}", empty, info => info with { Modified = new(1000 + j, 0) });
            }
        }

        using TreeHandler handler = new(tree, new());
        using ServedMount names = new(handler);
        Assert.Equal($"{folders * files}\n", Tool.Shell($"find '{names.Mount.Path}' -type f | wc -l").Text);
        Assert.InRange(names.Session.Counters.Requests, folders, folders * 5);

        using ServedMount attributes = new(handler);
        string times = Tool.Shell(
            $"find '{attributes.Mount.Path}' -type f -printf '%T@\n' | cut -d. -f1 | sort -n | uniq -c").Text;
        Assert.Equal(
            string.Concat(Enumerable.Range(1000, files).Select(time => $"{folders} {time}\n")),
            string.Concat(times.Split('\n').SkipLast(1).Select(line => line.TrimStart() + "\n")));
        Assert.InRange(attributes.Session.Counters.Requests, folders, folders * files / 4);
        Assert.Empty(attributes.Failures);
    }

    [Fact]
    public void Names_that_are_not_text_are_found()
    {
        FuseMount.Require();
        using MemoryTree tree = new();
        byte[] name = [(byte)'x', 0xff, 0x01, (byte)'\n', 0xc0];
        tree.AddFile(MemoryTree.RootId, name, Text("odd"));
        tree.AddFile(MemoryTree.RootId, "not/a name"u8.ToArray(), Text("never"));
        using TreeHandler handler = new(tree, new());
        using ServedMount served = new(handler);
        string find = $"cd '{served.Mount.Path}' && find . -type f -printf '%f\\0'";
        Assert.Equal([.. name, (byte)0], Tool.Shell(find).Output);
        Assert.Equal("odd", Tool.Shell($"cd '{served.Mount.Path}' && cat $'x\\xff\\x01\\n\\xc0'").Text);
    }

    [Fact]
    public void A_missing_name_is_asked_for_once()
    {
        FuseMount.Require();
        using MemoryTree tree = new();
        using TreeHandler handler = new(tree, new());
        using ServedMount served = new(handler);
        Assert.NotEqual(0, Tool.TryRun("stat", served["missing"]).ExitCode);
        long before = served.Session.Counters.Requests;
        for (int i = 0; i < 5; i++)
        {
            Assert.Contains("No such file", Tool.TryRun("stat", served["missing"]).Error, StringComparison.Ordinal);
        }

        Assert.Equal(before, served.Session.Counters.Requests);
    }

    [Fact]
    public void Extended_attributes_are_listed_and_read()
    {
        FuseMount.Require();
        using MemoryTree tree = new();
        ulong file = tree.AddFile(MemoryTree.RootId, "file", Text("x"));
        tree.SetAttribute(file, "user.colour", "green"u8.ToArray());
        tree.SetAttribute(file, "user.binary", [0, 1, 255]);
        tree.AddFile(MemoryTree.RootId, "plain", Text("x"));
        using TreeHandler handler = new(tree, new());
        using ServedMount served = new(handler);
        string script = """
            import os, sys
            for path in sys.argv[1:]:
                print([(name, os.getxattr(path, name)) for name in os.listxattr(path)])
            try:
                os.getxattr(sys.argv[1], "user.none")
            except OSError as error:
                print(error.errno)
            """;
        Assert.Equal(
            "[('user.binary', b'\\x00\\x01\\xff'), ('user.colour', b'green')]\n[]\n61\n",
            Tool.Run("python3", "-c", script, served["file"], served["plain"]).Text);
    }

    [Fact]
    public void An_error_of_the_tree_is_an_error_of_that_call_only()
    {
        FuseMount.Require();
        using MemoryTree tree = new();
        ulong damaged = tree.AddFile(MemoryTree.RootId, "damaged", Text("never seen"));
        ulong unsupported = tree.AddFile(MemoryTree.RootId, "unsupported", Text("never seen"));
        ulong folder = tree.AddDirectory(MemoryTree.RootId, "folder");
        tree.AddFile(MemoryTree.RootId, "good", Text("good"));
        tree.Break(damaged, new ImageFormatException("memory", 5, "broken on purpose"));
        tree.Break(unsupported, new UnsupportedFeatureException("memory", "a feature"));
        tree.Break(folder, new InvalidOperationException("a defect"));
        using TreeHandler handler = new(tree, new());
        using ServedMount served = new(handler);
        Assert.Contains("Input/output error", Tool.TryRun("cat", served["damaged"]).Error, StringComparison.Ordinal);
        Assert.Contains("not supported", Tool.TryRun("cat", served["unsupported"]).Error, StringComparison.Ordinal);
        Assert.Contains("Input/output error", Tool.TryRun("ls", served["folder"]).Error, StringComparison.Ordinal);
        Assert.Equal("good", Tool.Run("cat", served["good"]).Text);
        Assert.Contains(served.Failures, failure => failure.Status == FuseStatus.NotSupported);
        Assert.False(served.Session.Completion.IsCompleted);
    }

    [Fact]
    public void More_files_than_are_held_open_are_read_by_many_at_once()
    {
        FuseMount.Require();
        using MemoryTree tree = new();
        for (int i = 0; i < 300; i++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"f{i:D3}");
            tree.AddFile(MemoryTree.RootId, name, Text($"content of {i}\n"));
        }

        using TreeHandler handler = new(tree, new(OpenFiles: 8, Listings: 2));
        using ServedMount served = new(handler, threads: 4);
        string expected = string.Concat(Enumerable.Range(0, 300).Select(i => $"content of {i}\n"));
        string script = $"""
            cd '{served.Mount.Path}'
            for i in 1 2 3 4; do cat f* > /dev/null & done
            wait
            echo 1 > /proc/sys/vm/drop_caches
            cat f*
            """;
        Assert.Equal(expected, Tool.Shell(script).Text);
        Assert.Empty(served.Failures);
    }

    private static MemorySource Text(string text) => new(Encoding.UTF8.GetBytes(text));
}
