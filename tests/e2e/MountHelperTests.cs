using Imaged.TestKit;
using Xunit;

namespace Imaged.E2e;

/// <summary>The program under the names by which mount(8) and umount(8) call it.</summary>
public sealed class MountHelperTests
{
    private const string Mount = "mount.imaged";
    private const string Unmount = "umount.imaged";

    // What mount(8) passes on of a line of fstab, and of its own.
    private const string FstabOptions = "rw,nofail,noexec,_netdev,x-systemd.requires=a.device,user=root,helper=imaged";

    [Fact]
    public void Mount_says_nothing_and_umount_is_enough()
    {
        using PrivateSystem system = PrivateSystem.Start();
        string image = system.Sample("demo.iso");
        string directory = Directory.CreateDirectory(system["at"]).FullName;
        CommandResult mounted = system.RunAs(Mount, image, directory, "-n", "-v", "-o", FstabOptions).Succeeds();
        Assert.Equal(string.Empty, mounted.Output + mounted.Error);
        Assert.Contains("noexec", Machine.Mount(directory).Options, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(directory, "docs", "hello.txt")));
        Tool.Run("umount", directory);
        Assert.True(Machine.Eventually(() => PrivateSystem.Workers.Length == 0));
        Assert.Equal(string.Empty, system.Run("list").Succeeds().Output);

        system.RunAs(Mount, image, directory, "-f").Succeeds();
        Assert.Empty(Machine.MountsBelow(system.Folder));
        system.RunAs(Mount, image, directory, "-o", "ro").Succeeds();
        system.RunAs(Unmount, directory, "-n").Succeeds();
        AssertFails(system.RunAs(Unmount, directory), 32, "is not mounted by imaged");
    }

    [Fact]
    public void Options_choose_what_of_the_image_is_mounted()
    {
        using PrivateSystem system = PrivateSystem.Start();
        string directory = Directory.CreateDirectory(system["at"]).FullName;
        string sound = SampleFiles.Copy("nrg/libcdio-p1.nrg.xz", system.Folder);
        AssertFails(system.RunAs(Mount, sound, directory, "-o", "rw,imaged.track=2"), 32, "sound");
        system.RunAs(Mount, sound, directory, "-t", "imaged.nrg", "-o", "rw,imaged.as=disc").Succeeds();
        Assert.True(File.Exists(Path.Combine(directory, "track02.wav")));
        Tool.Run("umount", directory);

        string iso = system.Sample("demo.iso");
        AssertFails(system.RunAs(Mount, iso, directory, "-t", "imaged.nrg"), 32, "nrg");
        string secret = SampleFiles.Copy("mdx/test_pass.mdx", system.Folder);
        File.WriteAllText(system["pass, word"], "pass\n");
        AssertFails(system.RunAs(Mount, secret, directory), 1, "--password-file");
        system.RunAs(Mount, secret, directory, "-o", $"rw,imaged.password-file=\"{system["pass, word"]}\"").Succeeds();
        Tool.Run("umount", directory);
    }

    [Fact]
    public void What_goes_wrong_has_the_status_of_mount()
    {
        using PrivateSystem system = PrivateSystem.Start();
        string image = system.Sample("demo.iso");
        string directory = Directory.CreateDirectory(system["at"]).FullName;
        AssertFails(system.RunAs(Mount, image), 1, "usage: mount.imaged IMAGE DIR");
        AssertFails(system.RunAs(Mount, image, directory, "-N", "/proc/1/ns/mnt"), 1, "mount namespace");
        AssertFails(system.RunAs(Mount, image, directory, "-o", "imaged.json"), 1, "known are imaged.format, ");
        AssertFails(system.RunAs(Mount, image, directory, "-o", "imaged.track=x"), 1, "a number from 1 to 99");
        AssertFails(system.RunAs(Mount, image, directory, "-o", "conv=text"), 1, "'conv=text' is not known");
        system.RunAs(Mount, image, directory, "-s", "-o", "ro,conv=text,imaged.json").Succeeds();
        Tool.Run("umount", directory);
        AssertFails(system.RunAs(Mount, system["none.iso"], directory), 32, "there is no image");
        AssertFails(system.RunAs(Mount, image, system["none"]), 32, "there is no directory");
        AssertFails(system.RunAs(Unmount), 1, "usage: umount.imaged DIR");
        system.KillDaemon();
        AssertFails(system.RunAs(Mount, image, directory), 2, "does not answer");
        system.StartDaemon();
    }

    private static void AssertFails(CommandResult result, int exitCode, string expected)
    {
        Assert.Equal(exitCode, result.ExitCode);
        Assert.Contains(expected, result.Error, StringComparison.Ordinal);
        Assert.Matches("^u?mount[.]imaged: ", result.Error);
    }
}
