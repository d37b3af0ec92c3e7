using System.Globalization;
using Imaged.TestKit;
using Xunit;

namespace Imaged.E2e;

/// <summary>Users who are not root get files, read only, from a sandboxed worker of their own, and nothing of
/// others.</summary>
public sealed class UserTests
{
    [Fact]
    public void A_user_gets_a_tree_from_a_worker_that_runs_as_that_user()
    {
        using PrivateSystem system = StartForEverybody();
        string image = system.Sample("demo.iso");
        string directory = system.RunAsNobody("mount", image).Succeeds().Output.TrimEnd('\n');
        (string type, _, string options) = Machine.Mount(directory);
        Assert.StartsWith("fuse", type, StringComparison.Ordinal);
        Assert.Contains("nosuid,nodev", options, StringComparison.Ordinal);
        Assert.Equal("Hello from inside an image.\n", Read(directory));

        int worker = Assert.Single(PrivateSystem.Workers);
        string[] status = File.ReadAllLines($"/proc/{worker.ToString(CultureInfo.InvariantCulture)}/status");
        Assert.Contains("Uid:\t65534\t65534\t65534\t65534", status);
        Assert.Contains("NoNewPrivs:\t1", status);
        Assert.Contains("Seccomp:\t2", status);
        Assert.Contains("CapEff:\t0000000000000000", status);
        system.RunAsNobody("umount", directory).Succeeds();
    }

    [Fact]
    public void A_user_gets_no_block_device_and_no_mount_by_the_kernel()
    {
        using PrivateSystem system = StartForEverybody();
        string image = system.Sample("ext2.img.xz");
        system.RunAsNobody("attach", image).Fails(5);
        system.RunAsNobody("mount", image, "--as", "kernel").Fails(5);
        string directory = system.RunAsNobody("mount", image).Succeeds().Output.TrimEnd('\n');
        Assert.StartsWith("fuse", Machine.Mount(directory).Type, StringComparison.Ordinal);
        system.RunAsNobody("umount", directory).Succeeds();
    }

    [Fact]
    public void A_user_cannot_end_what_is_not_hers()
    {
        using PrivateSystem system = StartForEverybody();
        string directory = system.Mount(system.Sample("demo.iso"));
        CommandResult result = system.RunAsNobody("umount", directory);
        result.Fails(result.ExitCode == 3 ? 3 : 5);
        Assert.Equal("Hello from inside an image.\n", Read(directory));
        system.Run("umount", directory).Succeeds();
    }

    [Fact]
    public void A_user_cannot_mount_what_she_cannot_read()
    {
        using PrivateSystem system = StartForEverybody();
        string image = system.Sample("demo.iso");
        Tool.Run("chmod", "600", image);
        system.RunAsNobody("mount", image).Fails(5, "demo.iso");
        system.RunAsNobody("info", image).Fails(5, "demo.iso");
    }

    [Fact]
    public void A_user_cannot_cover_a_directory_of_somebody_else()
    {
        using PrivateSystem system = StartForEverybody();
        string image = system.Sample("demo.iso");
        string directory = Directory.CreateDirectory(system["roots"]).FullName;
        system.RunAsNobody("mount", image, directory).Fails(5);
        system.AssertClean();
    }

    [Fact]
    public void Who_is_not_in_the_group_does_not_reach_the_daemon()
    {
        using PrivateSystem system = PrivateSystem.Start("group = root");
        CommandResult result = system.RunAsNobody("list");
        result.Fails(result.ExitCode == 69 ? 69 : 5);
    }

    private static string Read(string directory) => File.ReadAllText(Path.Combine(directory, "docs", "hello.txt"));

    // The user nobody is in the group of this daemon.
    private static PrivateSystem StartForEverybody()
    {
        Requires.Tool("setpriv");
        return PrivateSystem.Start("group = nogroup");
    }
}
