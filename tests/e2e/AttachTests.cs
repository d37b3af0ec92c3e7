using System.Text.Json.Nodes;
using Imaged.TestKit;
using Xunit;

namespace Imaged.E2e;

public sealed class AttachTests
{
    [Fact]
    public void A_raw_disk_becomes_a_read_only_device_with_its_partitions()
    {
        using PrivateSystem system = PrivateSystem.Start();
        string image = system.Sample("disk-gpt.img.xz");
        string device = Device(system, image);
        byte[] bytes = File.ReadAllBytes(image);
        Assert.Equal(image, Machine.Loops()[device]);
        Assert.Equal(bytes, File.ReadAllBytes(device));
        Assert.Equal("1", Tool.Run("blockdev", "--getro", device).Text.Trim());
        Assert.Equal(bytes.AsSpan(2048 * 512, 4 << 20).ToArray(), Read(device + "p1"));
        Assert.Equal(bytes.AsSpan(10240 * 512, 8 << 20).ToArray(), Read(device + "p2"));
        system.Run("detach", image).Succeeds();
        Assert.True(Machine.Eventually(() => !Machine.Loops().ContainsKey(device)));
    }

    [Fact]
    public void Logical_partitions_are_numbered_as_the_kernel_does()
    {
        using PrivateSystem system = PrivateSystem.Start();
        string image = system.Sample("disk-mbr.img.xz");
        string device = Device(system, image);
        byte[] bytes = File.ReadAllBytes(image);
        Assert.Equal(bytes.AsSpan(2048 * 512, 1 << 20).ToArray(), Read(device + "p1"));
        Assert.Equal(bytes.AsSpan(6144 * 512, 1 << 20).ToArray(), Read(device + "p5"));
        Assert.Equal(1 << 20, Read(device + "p6").Length);
        system.Run("detach", device).Succeeds();
    }

    [Fact]
    public void A_device_over_fuse_has_the_same_bytes()
    {
        using PrivateSystem system = PrivateSystem.Start();
        string image = system.Sample("disk-mbr.img.xz");
        string device = Device(system, image, "--via", "fuse");
        Assert.Equal(File.ReadAllBytes(image), File.ReadAllBytes(device));
        Assert.Equal(File.ReadAllBytes(image).AsSpan(2048 * 512, 1 << 20).ToArray(), Read(device + "p1"));
        system.Run("detach", device).Succeeds();
    }

    [Fact]
    public void A_device_in_use_is_not_taken_away()
    {
        using PrivateSystem system = PrivateSystem.Start();
        string image = system.Sample("ext2.img.xz");
        string device = Device(system, image);
        string directory = Directory.CreateDirectory(system["here"]).FullName;
        Tool.Run("mount", "-o", "ro", device, directory);
        system.Run("detach", image).Fails(1, "mounted");
        Assert.True(File.Exists(Path.Combine(directory, "README.txt")));
        Tool.Run("umount", directory);
        system.Run("detach", image).Succeeds();
    }

    [Theory]
    [InlineData("auto")]
    [InlineData("fuse")]
    public void What_a_daemon_died_over_is_cleared_away(string way)
    {
        using PrivateSystem system = PrivateSystem.Start();
        string image = system.Sample("disk-mbr.img.xz");
        string device = Device(system, image, "--via", way);
        system.KillDaemon();

        // As it stands in the record between the making of the loop device and the saving of its number.
        string record = Assert.Single(Directory.GetFiles(system["state/attachments"], "*.json"));
        JsonNode json = JsonNode.Parse(File.ReadAllText(record))!;
        Assert.NotNull(json["Loop"]);
        json["Loop"] = null;
        File.WriteAllText(record, json.ToJsonString());
        system.StartDaemon();
        Assert.True(Machine.Eventually(() => !Machine.Loops().ContainsKey(device)));
        Assert.True(Machine.Eventually(() => PrivateSystem.Workers.Length == 0));
        Assert.Empty(Directory.GetFiles(system["state/attachments"]));
        system.Run("list").Succeeds();
    }

    private static string Device(PrivateSystem system, params string[] arguments)
    {
        string device = system.Run(["attach", .. arguments]).Succeeds().Output.Split('\n')[0];
        Assert.StartsWith("/dev/loop", device, StringComparison.Ordinal);
        return device;
    }

    // udev may still be making the node.
    private static byte[] Read(string device)
    {
        Assert.True(Machine.Eventually(() => File.Exists(device)), $"there is no {device}");
        return File.ReadAllBytes(device);
    }
}
