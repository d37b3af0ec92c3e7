using System.Text.Json;
using Imaged.TestKit;
using Xunit;

namespace Imaged.E2e;

/// <summary>The verbs that need neither a daemon nor a privilege.</summary>
public sealed class LookInsideTests
{
    [Fact]
    public void The_whole_stack_of_a_disk_is_shown_with_no_daemon()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        string image = system.Sample("disk-gpt.img.xz");
        string text = system.Run("info", image).Succeeds().Output;
        Assert.Contains("gpt", text, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("ESP", text, StringComparison.Ordinal);
        Assert.Contains("ext4", text, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("ROOT", text, StringComparison.Ordinal);
        JsonElement table = system.Run("info", "--json", image).Succeeds().Json.GetProperty("partitionTable");
        Assert.Equal("gpt", table.GetProperty("type").GetString());
        Assert.Equal(2, table.GetProperty("partitions").GetArrayLength());
    }

    [Fact]
    public void Only_the_part_that_was_asked_for_is_shown()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        string disk = system.Sample("disk-gpt.img.xz");
        JsonElement info = system.Run("info", "--json", disk, "--partition", "2").Succeeds().Json;
        JsonElement only = Assert.Single(info.GetProperty("partitionTable").GetProperty("partitions").EnumerateArray());
        Assert.Equal(2, only.GetProperty("number").GetInt32());
        system.Run("info", disk, "--partition", "7").Fails(4, "no partition 7");

        string bridge = system.Sample("bridge.iso.xz");
        JsonElement shown = system.Run("info", "--json", bridge, "--fs", "udf").Succeeds().Json;
        JsonElement udf = Assert.Single(shown.GetProperty("volumes").EnumerateArray());
        Assert.Equal("udf", udf.GetProperty("fileSystem").GetString());
        system.Run("info", bridge, "--fs", "ext").Fails(7, "does not hold");

        string sessions = system.Sample("sessions.iso.xz");
        system.Run("info", sessions, "--session", "1").Succeeds();
        system.Run("info", sessions, "--session", "5").Fails(7, "session 5");
    }

    [Fact]
    public void A_conversion_that_is_killed_leaves_nothing()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        string image = system["holes"];
        Tool.Shell($"(yes || true) | head -c 1G > '{image}'");
        string folder = Directory.CreateDirectory(system["out"]).FullName;
        using RunningCommand command = system.Begin("convert", image, Path.Combine(folder, "copy.img"));
        Assert.True(Machine.Eventually(() => Machine.OpenFiles(command.Pid).Any(
            path => path.StartsWith(folder, StringComparison.Ordinal))));
        command.Signal("KILL");
        command.Finish();
        Assert.Empty(Directory.GetFileSystemEntries(folder));
    }

    [Fact]
    public void Anybody_may_look_into_his_own_images()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        string image = system.Sample("demo.iso");
        Assert.Contains("IMAGED_DEMO", system.RunAsNobody("info", image).Succeeds().Output, StringComparison.Ordinal);
        string list = system.RunAsNobody("ls", image, "docs").Succeeds().Output;
        Assert.Contains("hello.txt", list, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("demo.iso")]
    [InlineData("fat12.img.xz")]
    [InlineData("ext4.img.xz")]
    public void The_bytes_of_a_file_come_out_as_they_are(string name)
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        string image = system.Sample(name);
        byte[] expected = File.ReadAllBytes(image.EndsWith(".iso", StringComparison.Ordinal)
            ? Path.Combine(Trees.ExtractIso(image, system["expected"]), "docs", "longer.txt")
            : Extract(name, image, system["longer"]));
        Assert.Equal(expected, system.Run("cat", image, "docs/longer.txt").Succeeds().Bytes);
    }

    [Fact]
    public void A_tree_is_copied_with_everything_it_has()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        string image = system.Sample("demo.iso");
        string copy = Directory.CreateDirectory(system["copy"]).FullName;
        system.Run("cp", image, "/docs", copy).Succeeds();
        string expected = Trees.ExtractIso(image, system["expected"]);
        Trees.AssertEqual(Path.Combine(expected, "docs"), Path.Combine(copy, "docs"));
    }

    [Fact]
    public void Converting_a_raw_image_gives_the_same_bytes_with_holes_for_zeros()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        string image = system.Sample("disk-gpt.img.xz");
        system.Run("convert", image, system["out.img"]).Succeeds();
        Assert.Equal(File.ReadAllBytes(image), File.ReadAllBytes(system["out.img"]));
        long blocks = long.Parse(Tool.Run("stat", "-c", "%b", system["out.img"]).Text);
        Assert.InRange(blocks * 512, 0, 4 << 20);
    }

    [Fact]
    public void A_good_image_is_verified()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        system.Run("verify", system.Sample("demo.iso")).Succeeds();
        system.Run("verify", system.Sample("disk-gpt.img.xz")).Succeeds();
    }

    [Fact]
    public void Every_registered_format_is_listed()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        string text = system.Run("formats").Succeeds().Output;
        Assert.Contains("iso9660", text, StringComparison.Ordinal);
        Assert.Contains("splitraw", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Parts_of_a_split_image_are_found_beside_the_first()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        byte[] bytes = File.ReadAllBytes(system.Sample("demo.iso"));
        File.WriteAllBytes(system["disc.001"], bytes[..40000]);
        File.WriteAllBytes(system["disc.002"], bytes[40000..]);
        string text = system.Run("cat", system["disc.001"], "/docs/hello.txt").Succeeds().Output;
        Assert.Equal("Hello from inside an image.\n", text);
    }

    private static string Extract(string name, string image, string output)
    {
        if (name.StartsWith("fat", StringComparison.Ordinal))
        {
            Requires.Tool("mcopy");
            Tool.Run("mcopy", "-i", image, "::docs/longer.txt", output);
        }
        else
        {
            Requires.Tool("debugfs");
            Tool.Run("debugfs", "-R", $"dump /docs/longer.txt {output}", image);
        }

        return output;
    }
}
