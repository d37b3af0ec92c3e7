using System.Text.Json;
using Imaged.TestKit;
using Xunit;

namespace Imaged.E2e;

public sealed class MountTests
{
    [Fact]
    public void A_disc_is_mounted_with_all_its_files_and_is_gone_after_umount()
    {
        using PrivateSystem system = PrivateSystem.Start();
        string image = system.Sample("demo.iso");
        string directory = system.Mount(image);
        Assert.StartsWith(system.Media + "/", directory, StringComparison.Ordinal);
        Trees.AssertEqual(Trees.ExtractIso(image, system["expected"]), directory);
        string options = Machine.Mount(directory).Options;
        Assert.Contains("nosuid", options, StringComparison.Ordinal);
        Assert.Contains("nodev", options, StringComparison.Ordinal);
        Assert.StartsWith("ro,", options, StringComparison.Ordinal);

        system.Run("umount", directory).Succeeds();
        Assert.False(Directory.Exists(directory), "the directory that it made is removed");
        system.AssertClean();
    }

    [Fact]
    public void A_directory_of_the_user_is_used_and_left_alone()
    {
        using PrivateSystem system = PrivateSystem.Start();
        string image = system.Sample("demo.iso");
        string directory = Directory.CreateDirectory(system["here"]).FullName;
        Assert.Equal(directory, system.Mount(image, directory));
        Assert.Equal("Hello from inside an image.\n", File.ReadAllText(Path.Combine(directory, "docs", "hello.txt")));
        system.Run("umount", image).Succeeds();
        Assert.True(Directory.Exists(directory));
        Assert.Empty(Directory.GetFileSystemEntries(directory));
    }

    [Theory]
    [InlineData("plain.iso.xz")]
    [InlineData("zisofs.iso.xz")]
    [InlineData("sessions.iso.xz")]
    [InlineData("bridge.iso.xz")]
    [InlineData("fat12.img.xz")]
    [InlineData("fat16.img.xz")]
    [InlineData("fat32.img.xz")]
    [InlineData("exfat.img.xz")]
    [InlineData("ntfs.img.xz")]
    [InlineData("udf.img.xz")]
    [InlineData("ext2.img.xz")]
    [InlineData("ext4.img.xz")]
    [InlineData("hybrid.iso.xz")]
    public void Every_file_system_of_the_samples_is_mounted(string name)
    {
        using PrivateSystem system = PrivateSystem.Start();
        string directory = system.Mount(system.Sample(name));
        Assert.True(name == "udf.img.xz" || Directory.EnumerateFileSystemEntries(directory).Count() > 2);
        system.Run("umount", directory).Succeeds();
    }

    [Fact]
    public void Two_images_are_mounted_at_once_and_do_not_mind_each_other()
    {
        using PrivateSystem system = PrivateSystem.Start();
        string first = system.Mount(system.Sample("demo.iso"));
        string second = system.Mount(system.Sample("ext2.img.xz"), "--as", "tree");
        Assert.NotEqual(first, second);
        system.Run("umount", first).Succeeds();
        Assert.Equal("Hello from inside an image.\n", File.ReadAllText(Path.Combine(second, "docs", "hello.txt")));
        system.Run("umount", second).Succeeds();
    }

    [Fact]
    public void The_kernel_mounts_a_partition_of_a_raw_disk_through_a_loop_device_on_the_file_itself()
    {
        using PrivateSystem system = PrivateSystem.Start();
        string image = system.Sample("disk-gpt.img.xz");
        string directory = system.Mount(image, "--partition", "2");
        (string type, string source, string options) = Machine.Mount(directory);
        Assert.Equal("ext4", type);
        Assert.StartsWith("/dev/loop", source, StringComparison.Ordinal);
        Assert.Contains("nosuid,nodev", options, StringComparison.Ordinal);
        Assert.Equal(image, Machine.Loops()[source]);
        Assert.Equal("Hello from inside an image.\n", File.ReadAllText(Path.Combine(directory, "docs", "hello.txt")));
        system.Run("umount", directory).Succeeds();
        Assert.DoesNotContain(image, Machine.Loops().Values);
    }

    [Fact]
    public void Ext4_is_mounted_through_a_loop_device_over_fuse_when_asked_to()
    {
        using PrivateSystem system = PrivateSystem.Start();
        string image = system.Sample("disk-gpt.img.xz");
        string directory = system.Mount(image, "--partition", "2", "--via", "fuse", "--as", "kernel");
        Assert.Equal("ext4", Machine.Mount(directory).Type);
        Assert.Equal("Hello from inside an image.\n", File.ReadAllText(Path.Combine(directory, "docs", "hello.txt")));
        system.Run("umount", directory).Succeeds();
    }

    [Fact]
    public void The_list_shows_what_is_mounted_and_nothing_else()
    {
        using PrivateSystem system = PrivateSystem.Start();
        Assert.Empty(Attachments(system));
        string image = system.Sample("demo.iso");
        string directory = system.Mount(image);
        JsonElement entry = Assert.Single(Attachments(system));
        Assert.Equal(image, entry.GetProperty("image").GetString());
        Assert.Equal(directory, entry.GetProperty("mountPoint").GetString());
        Assert.Equal("active", entry.GetProperty("state").GetString());
        Assert.Equal("iso9660", entry.GetProperty("fileSystem").GetString());
        Assert.Equal("IMAGED_DEMO", entry.GetProperty("label").GetString());
        Assert.Contains(directory, system.Run("list").Succeeds().Output, StringComparison.Ordinal);
        system.Run("umount", entry.GetProperty("id").GetString()!).Succeeds();
        Assert.Empty(Attachments(system));
    }

    [Fact]
    public void A_tree_shows_the_space_of_its_volume()
    {
        using PrivateSystem system = PrivateSystem.Start();
        string directory = system.Mount(system.Sample("demo.iso"));
        string[] numbers = Tool.Run("stat", "-f", "-c", "%b %S", directory).Text.Split(' ');
        Assert.InRange(long.Parse(numbers[0]) * long.Parse(numbers[1]), 60_000, 100_000);
        system.Run("umount", directory).Succeeds();
    }

    private static JsonElement[] Attachments(PrivateSystem system)
    {
        JsonElement json = system.Run("list", "--json").Succeeds().Json;
        return [.. (json.ValueKind == JsonValueKind.Array ? json : json.GetProperty("attachments")).EnumerateArray()];
    }
}
