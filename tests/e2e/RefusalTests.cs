using Imaged.TestKit;
using Xunit;

namespace Imaged.E2e;

/// <summary>What goes wrong ends in one clear sentence, the right exit code, and nothing left behind.</summary>
public sealed class RefusalTests
{
    [Theory]
    [InlineData("mount")]
    [InlineData("info")]
    [InlineData("nosuchverb")]
    [InlineData("mount", "a", "b", "c")]
    [InlineData("mount", "--nosuchoption", "a")]
    [InlineData("info", "--partition", "minus-one", "/dev/null")]
    [InlineData("attach", "--via", "magic", "a")]
    public void Wrong_arguments_are_a_usage_error(params string[] arguments)
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        CommandResult result = system.Run(arguments);
        Assert.True(result.ExitCode == 2, result.ToString());
        Assert.StartsWith("imagectl: ", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("list")]
    [InlineData("umount", "/mnt")]
    [InlineData("detach", "/dev/loop99")]
    public void Without_a_daemon_the_way_out_is_told(params string[] arguments)
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        system.Run(arguments).Fails(69, "daemon");
    }

    [Fact]
    public void Without_a_daemon_nothing_is_mounted()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        system.Run("mount", system.Sample("demo.iso")).Fails(69);
    }

    [Theory]
    [InlineData("info")]
    [InlineData("mount")]
    [InlineData("attach")]
    [InlineData("verify")]
    public void An_image_that_is_not_there_is_not_found(string verb)
    {
        using PrivateSystem system = PrivateSystem.Start();
        system.Run(verb, system["missing.iso"]).Fails(4, "missing.iso");
    }

    [Fact]
    public void A_file_that_is_not_in_the_image_is_not_found()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        string image = system.Sample("demo.iso");
        system.Run("cat", image, "/docs/nothing.txt").Fails(4, "nothing.txt");
        system.Run("ls", image, "/nowhere").Fails(4, "nowhere");
    }

    [Fact]
    public void A_partition_that_is_not_there_is_not_found()
    {
        using PrivateSystem system = PrivateSystem.Start();
        string image = system.Sample("disk-gpt.img.xz");
        system.Run("mount", image, "--partition", "7").Fails(4, "7");
        system.Run("ls", image, "--partition", "7").Fails(4, "7");
        system.AssertClean();
    }

    [Fact]
    public void An_empty_file_is_no_image()
    {
        using PrivateSystem system = PrivateSystem.Start();
        File.WriteAllBytes(system["empty.iso"], []);
        system.Run("mount", system["empty.iso"]).Fails(1, "empty");
        system.Run("attach", system["empty.iso"]).Fails(1, "empty");
        system.AssertClean();
    }

    [Fact]
    public void A_volume_without_a_known_file_system_is_told_apart_from_damage()
    {
        using PrivateSystem system = PrivateSystem.Start();
        File.WriteAllBytes(system["zero.img"], new byte[1 << 20]);
        system.Run("mount", system["zero.img"]).Fails(7);
        system.AssertClean();
    }

    [Fact]
    public void A_mount_point_that_is_missing_or_no_directory_is_refused()
    {
        using PrivateSystem system = PrivateSystem.Start();
        string image = system.Sample("demo.iso");
        system.Run("mount", image, system["nowhere"]).Fails(4, "nowhere");
        File.WriteAllText(system["file"], string.Empty);
        CommandResult result = system.Run("mount", image, system["file"]);
        Assert.InRange(result.ExitCode, 1, 2);
        system.AssertClean();
    }

    [Fact]
    public void Of_several_mounts_at_once_on_one_directory_one_is_made()
    {
        using PrivateSystem system = PrivateSystem.Start();
        string image = system.Sample("demo.iso");
        string directory = Directory.CreateDirectory(system["here"]).FullName;
        RunningCommand[] commands = [.. Enumerable.Range(0, 6).Select(_ => system.Begin("mount", image, directory))];
        CommandResult[] results = [.. commands.Select(command => command.Finish())];
        Assert.Single(results, result => result.ExitCode == 0);
        Assert.All(
            results.Where(result => result.ExitCode != 0), result => result.Fails(1, "is a mount point already"));
        system.Run("umount", directory).Succeeds();
    }

    [Fact]
    public void A_busy_mount_is_left_as_it_is_unless_asked_to_be_lazy()
    {
        using PrivateSystem system = PrivateSystem.Start();
        string image = system.Sample("demo.iso");
        string directory = system.Mount(image);
        using (File.OpenRead(Path.Combine(directory, "README.txt")))
        {
            system.Run("umount", directory).Fails(1, "use");
            Assert.Equal(104, File.ReadAllBytes(Path.Combine(directory, "README.txt")).Length);
            system.Run("umount", "--lazy", directory).Succeeds();
        }

        system.AssertClean();
    }

    [Fact]
    public void What_is_not_mounted_cannot_be_unmounted()
    {
        using PrivateSystem system = PrivateSystem.Start();
        system.Run("umount", Directory.CreateDirectory(system["plain"]).FullName).Fails(3);
        system.Run("umount", system.Sample("demo.iso")).Fails(3);
        system.Run("detach", system["demo.iso"]).Fails(3);
    }

    [Fact]
    public void Other_peoples_mounts_are_left_alone()
    {
        using PrivateSystem system = PrivateSystem.Start();
        string directory = Directory.CreateDirectory(system["tmpfs"]).FullName;
        Tool.Run("mount", "-t", "tmpfs", "none", directory);
        try
        {
            system.Run("umount", directory).Fails(3, "not mounted by imaged");
        }
        finally
        {
            Tool.Run("umount", directory);
        }
    }

    [Fact]
    public void A_full_disk_ends_a_conversion_and_leaves_no_half_file()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        string image = system["random.img"];
        Tool.Run("dd", "if=/dev/urandom", $"of={image}", "bs=1M", "count=8", "status=none");
        OnSmallDisk(system, small =>
        {
            string output = Path.Combine(small, "out.img");
            CommandResult result = system.Run("convert", image, output).Fails(1, "space");
            Assert.Contains(output, result.Error, StringComparison.Ordinal);
            Assert.Empty(Directory.GetFileSystemEntries(small));
        });
    }

    [Fact]
    public void A_full_disk_ends_a_copy_and_leaves_whole_files_only()
    {
        Requires.Tool("xorriso");
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        Tool.Shell($"""
            cd '{system.Folder}'
            mkdir tree
            dd if=/dev/urandom of=tree/a bs=1M count=1 status=none
            dd if=/dev/urandom of=tree/b bs=1M count=8 status=none
            xorriso -as mkisofs -quiet -R -o disc.iso tree
            """);
        OnSmallDisk(system, small =>
        {
            CommandResult result = system.Run("cp", system["disc.iso"], "/", small).Fails(1, "space");
            Assert.Contains("'/b'", result.Error, StringComparison.Ordinal);
            string copy = Assert.Single(Directory.GetFileSystemEntries(small));
            Assert.Equal(File.ReadAllBytes(system["tree/a"]), File.ReadAllBytes(copy));
        });
    }

    [Fact]
    public void An_existing_file_is_not_overwritten_without_being_asked()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        string image = system.Sample("demo.iso");
        File.WriteAllText(system["precious"], "precious");
        system.Run("convert", image, system["precious"]).Fails(1, "exist");
        Assert.Equal("precious", File.ReadAllText(system["precious"]));
    }

    [Fact]
    public void Control_C_ends_a_conversion_and_leaves_no_half_file()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        string image = system["big.img"];
        Tool.Run("dd", "if=/dev/zero", $"of={image}", "bs=1M", "count=3000", "status=none");
        string folder = Directory.CreateDirectory(system["out"]).FullName;
        using RunningCommand command = system.Begin("convert", image, Path.Combine(folder, "out.img"));
        Assert.True(Machine.Eventually(() => command.HasExited || PrivateSystem.Workers.Length > 0));
        command.Signal("INT");
        CommandResult result = command.Finish();
        Assert.True(result.ExitCode == 130, result.ToString());
        Assert.Empty(Directory.GetFileSystemEntries(folder));
        system.AssertClean();
    }

    [Theory]
    [InlineData("demo.iso")]
    [InlineData("ext4.img.xz")]
    [InlineData("fat12.img.xz")]
    [InlineData("udf.img.xz")]
    [InlineData("disk-gpt.img.xz")]
    public void Truncated_and_damaged_images_end_in_a_sentence(string name)
    {
        using PrivateSystem system = PrivateSystem.Start();
        byte[] good = File.ReadAllBytes(system.Sample(name));
        Random random = new(5);
        for (int i = 0; i < 8; i++)
        {
            byte[] bad = i < 4 ? good[..(good.Length * i / 5)] : [.. good];
            for (int change = 0; i >= 4 && change < 2000; change++)
            {
                bad[random.Next(Math.Min(bad.Length, 262144))] = (byte)random.Next(256);
            }

            string image = system[$"bad{i}.img"];
            File.WriteAllBytes(image, bad);
            CommandResult result = system.Run("mount", image, "--as", "tree");
            if (result.ExitCode == 0)
            {
                string directory = result.Output.TrimEnd('\n');
                _ = Tool.TryRun(
                    "bash", "-c", $"timeout 20 find '{directory}' | head -1000 | xargs -d '\\n' cat >/dev/null");
                system.Run("umount", directory).Succeeds();
            }
            else
            {
                // 2: of several partitions with files one has to be chosen.
                result.Fails(result.ExitCode is 2 or 7 ? result.ExitCode : 1);
            }

            system.AssertClean();
        }
    }

    // Gives the folder of a file system of two MiB.
    private static void OnSmallDisk(PrivateSystem system, Action<string> use)
    {
        string small = Directory.CreateDirectory(system["small"]).FullName;
        Tool.Run("mount", "-t", "tmpfs", "-o", "size=2m", "none", small);
        try
        {
            use(small);
        }
        finally
        {
            Tool.Run("umount", small);
        }
    }
}
