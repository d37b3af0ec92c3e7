using System.Globalization;
using System.Text.Json.Nodes;
using Imaged.TestKit;
using Xunit;

namespace Imaged.E2e;

/// <summary>A user who speaks the protocol himself: what he passes, and how, gets him nothing that he could not open,
/// and takes nothing from others.</summary>
public sealed class HostileClientTests
{
    private const string InvalidArgument = "io.imaged.Error.InvalidArgument";
    private const string InvalidParameter = "org.varlink.service.InvalidParameter";
    private const string LimitExceeded = "io.imaged.Error.LimitExceeded";
    private const string PermissionDenied = "io.imaged.Error.PermissionDenied";

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    [InlineData(10_000)]
    [InlineData(int.MinValue)]
    [InlineData(int.MaxValue)]
    public void An_index_of_no_descriptor_is_refused_wherever_it_stands(int index)
    {
        using HostileClient client = HostileClient.Start();
        string image = "r:" + client.System.Sample("demo.iso");
        client.IsRefused(InvalidParameter, HostileClient.Mount(index), image);
        foreach (string name in (string[])["directory", "target"])
        {
            JsonObject message = HostileClient.Mount();
            message["parameters"]![name] = index;
            client.IsRefused(InvalidParameter, message, image);
        }

        JsonObject password = HostileClient.Mount();
        password["parameters"]!["options"]!["password"] = index;
        client.IsRefused(InvalidParameter, password, image);
        foreach (string method in (string[])["Unmount", "Detach"])
        {
            JsonObject message = new()
            {
                ["method"] = "io.imaged.Manager." + method,
                ["parameters"] = new JsonObject { ["what"] = "/mnt", ["object"] = index },
            };
            client.IsRefused(InvalidParameter, message, image);
        }
    }

    [Fact]
    public void One_descriptor_is_not_two_things_at_once()
    {
        using HostileClient client = HostileClient.Start();
        JsonObject message = HostileClient.Mount();
        message["parameters"]!["directory"] = 0;
        client.IsRefused(InvalidParameter, message, "r:" + client.System.Sample("demo.iso"));
    }

    [Fact]
    public void A_file_of_somebody_else_that_is_only_named_is_not_read()
    {
        using HostileClient client = HostileClient.Start();
        string image = client.System.Sample("demo.iso");
        Tool.Run("chmod", "600", image);
        client.IsRefused(PermissionDenied, HostileClient.Mount(path: image), "p:" + image);

        // Not even as something beside an image of his own.
        string folder = client.OwnFolder("own");
        File.WriteAllText(
            Path.Combine(folder, "disc.cue"),
            $"FILE \"../demo.iso\" BINARY\n  TRACK 01 MODE1/2048\n    INDEX 01 00:00:00\n");
        JsonObject message = HostileClient.Mount(path: Path.Combine(folder, "disc.cue"));
        message["parameters"]!["directory"] = 1;
        message["parameters"]!["options"]!["allowOutside"] = true;
        JsonNode answer = client.Answer(message, $"r:{folder}/disc.cue", "p:/");
        Assert.NotNull(answer["error"]);
    }

    [Fact]
    public void A_descriptor_that_is_open_for_writing_only_is_not_read()
    {
        using HostileClient client = HostileClient.Start();
        string image = client.System.Sample("demo.iso");
        Tool.Run("chmod", "222", image);
        client.IsRefused(PermissionDenied, HostileClient.Mount(), "w:" + image);
    }

    [Fact]
    public void What_is_no_file_is_no_image()
    {
        using HostileClient client = HostileClient.Start();
        Tool.Run("mkfifo", "-m", "666", client.System["fifo"]);
        string[] descriptors = ["r:" + client.System["fifo"], "r:/dev/zero", "r:" + client.System.Folder, "socket"];
        foreach (string descriptor in descriptors)
        {
            client.IsRefused(InvalidArgument, HostileClient.Mount(), descriptor);
        }

        // The same through imagectl, which opens the path itself: nothing waits for the writer of a FIFO.
        foreach (string path in (string[])[client.System["fifo"], "/dev/zero", client.System.Folder])
        {
            client.System.RunAsNobody("mount", path).Fails(2, path);
        }

        // A directory is none of its image's siblings, and a file is nothing to mount on.
        string image = "r:" + client.System.Sample("demo.iso");
        foreach (string name in (string[])["directory", "target"])
        {
            JsonObject message = HostileClient.Mount();
            message["parameters"]![name] = 1;
            client.IsRefused(InvalidArgument, message, image, "r:/dev/zero");
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("..")]
    [InlineData("../../../etc/shadow")]
    [InlineData("/tmp/..")]
    [InlineData("a\0b")]
    [InlineData("line\nbreak\u001b[31m")]
    public void A_path_is_a_name_and_opens_nothing(string path)
    {
        using HostileClient client = HostileClient.Start("kernel-mounts-for-users = yes");
        string image = "r:" + client.System.Sample("ext4.img.xz");

        // By a file that a worker serves under the name, and as a tree.
        foreach ((string via, string view) in (ReadOnlySpan<(string, string)>)[("fuse", "kernel"), ("auto", "tree")])
        {
            JsonObject message = HostileClient.Mount(path: path);
            message["parameters"]!["via"] = via;
            message["parameters"]!["view"] = view;
            JsonNode answer = client.Answer(message, image);
            if (answer["error"] is null)
            {
                string directory = answer["parameters"]!["attachment"]!["mountPoint"]!.GetValue<string>();
                Assert.Equal(client.System.Media, Path.GetDirectoryName(directory));
                Assert.True(File.Exists(Path.Combine(directory, "README.txt")));
                client.System.RunAsNobody("umount", directory).Succeeds();
            }
        }
    }

    [Fact]
    public void A_path_without_an_end_is_refused()
    {
        using HostileClient client = HostileClient.Start();
        client.IsRefused(
            InvalidArgument,
            HostileClient.Mount(path: new string('a', 100_000)),
            "r:" + client.System.Sample("demo.iso"));
    }

    [Fact]
    public void A_thousand_mounts_at_once_end_at_the_limit_and_all_can_be_undone()
    {
        const int Limit = 5;
        using HostileClient client = HostileClient.Start($"max-attachments-per-user = {Limit}");
        Dictionary<string, int> seen =
            client.Flood(1000, HostileClient.Mount(), "r:" + client.System.Sample("demo.iso"));
        Assert.Equal(1000, seen.Values.Sum());
        Assert.Equal(Limit, seen["done"]);
        Assert.Equal(1000 - Limit, seen[LimitExceeded]);
        foreach (string directory in Machine.MountsBelow(client.System.Folder))
        {
            client.System.RunAsNobody("umount", directory).Succeeds();
        }
    }

    [Fact]
    public void A_client_that_stops_reading_keeps_nobody_else_waiting()
    {
        using HostileClient client = HostileClient.Start();
        string ready = Path.Combine(client.OwnFolder("own"), "ready");
        using (RunningCommand stuck = client.Begin("stuck", "12", ready))
        {
            Assert.True(Machine.Eventually(() => File.Exists(ready) || stuck.HasExited, 60));
            Assert.False(stuck.HasExited);
            string directory = client.System.Mount(client.System.Sample("demo.iso"));
            client.System.RunAsNobody("list").Succeeds();
            client.System.Run("umount", directory).Succeeds();
        }

        client.System.RunAsNobody("list").Succeeds();
    }

    [Fact]
    public void A_message_of_a_gigabyte_takes_no_memory()
    {
        using HostileClient client = HostileClient.Start();
        long before = PeakMemory(client.System.DaemonPid);
        string taken = client.Run("huge", (1 << 30).ToString(CultureInfo.InvariantCulture)).Succeeds().Output;
        Assert.InRange(long.Parse(taken, CultureInfo.InvariantCulture), 1, 8 << 20);
        Assert.InRange(PeakMemory(client.System.DaemonPid) - before, 0, 16 << 10);
    }

    private static long PeakMemory(int process) => long.Parse(
        File.ReadLines($"/proc/{process}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2],
        CultureInfo.InvariantCulture);
}
