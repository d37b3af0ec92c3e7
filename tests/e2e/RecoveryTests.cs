using System.Security.Cryptography;
using Imaged.TestKit;
using Xunit;

namespace Imaged.E2e;

/// <summary>Nothing that dies takes a mount with it: readers see a pause, and right bytes.</summary>
public sealed class RecoveryTests
{
    private const int FileLength = 96 << 20;
    private const int Kills = 8;

    [Fact]
    public void Readers_of_a_tree_do_not_notice_that_workers_are_killed()
    {
        using PrivateSystem system = PrivateSystem.Start();
        (string image, string hash) = BigDisc(system);
        string directory = system.Mount(image, "--as", "tree");
        ReadWhile(Path.Combine(directory, "big.bin"), hash, () => KillWorker(system));
        system.Run("umount", directory).Succeeds();
    }

    [Fact]
    public void Readers_of_a_tree_do_not_notice_that_the_daemon_is_killed_and_started_again()
    {
        using PrivateSystem system = PrivateSystem.Start();
        (string image, string hash) = BigDisc(system);
        string directory = system.Mount(image, "--as", "tree");
        ReadWhile(Path.Combine(directory, "big.bin"), hash, () =>
        {
            system.KillDaemon();
            system.StartDaemon();
        });
        Assert.Contains(directory, system.Run("list").Succeeds().Output, StringComparison.Ordinal);
        system.Run("umount", directory).Succeeds();
    }

    [Fact]
    public void A_new_daemon_replaces_workers_that_die_after_the_old_one()
    {
        using PrivateSystem system = PrivateSystem.Start();
        (string image, string hash) = BigDisc(system);
        string directory = system.Mount(image, "--as", "tree");
        system.KillDaemon();
        system.StartDaemon();
        ReadWhile(Path.Combine(directory, "big.bin"), hash, () => KillWorker(system));
        system.Run("umount", directory).Succeeds();
    }

    [Fact]
    public void Ext4_on_a_loop_device_over_fuse_survives_the_death_of_its_worker()
    {
        using PrivateSystem system = PrivateSystem.Start();
        (string image, string hash) = BigExt4(system);
        string directory = system.Mount(image, "--via", "fuse", "--as", "kernel");
        Assert.Equal("ext4", Machine.Mount(directory).Type);
        ReadWhile(Path.Combine(directory, "big.bin"), hash, () => KillWorker(system));
        system.Run("umount", directory).Succeeds();
    }

    [Fact]
    public void A_daemon_that_is_stopped_and_started_takes_over_what_is_mounted()
    {
        using PrivateSystem system = PrivateSystem.Start();
        string directory = system.Mount(system.Sample("demo.iso"));
        string device = system.Run("attach", system.Sample("disk-mbr.img.xz")).Succeeds().Output.Split('\n')[0];
        system.StopDaemon().Succeeds();
        Assert.Equal("Hello from inside an image.\n", File.ReadAllText(Path.Combine(directory, "docs", "hello.txt")));
        system.StartDaemon();
        system.Run("umount", directory).Succeeds();
        system.Run("detach", device).Succeeds();
    }

    [Fact]
    public void A_command_that_dies_leaves_nothing_behind()
    {
        using PrivateSystem system = PrivateSystem.Start();
        string image = system.Sample("demo.iso");
        for (int i = 0; i < 10; i++)
        {
            using RunningCommand command = system.Begin("mount", image);
            command.Signal("KILL");
            _ = command.Finish();
        }

        // Either the mount came to be, then it is listed; or it did not, then nothing is there.
        foreach (string mount in Machine.MountsBelow(system.Folder))
        {
            system.Run("umount", mount).Succeeds();
        }

        Assert.True(Machine.Eventually(() =>
        {
            foreach (string mount in Machine.MountsBelow(system.Folder))
            {
                system.Run("umount", mount);
            }

            return PrivateSystem.Workers.Length == 0;
        }));
    }

    // Reads a file over and over, past the page cache's help, while something happens to it several times.
    private static void ReadWhile(string path, string hash, Action disturb)
    {
        using CancellationTokenSource stop = new();
        int rounds = 0;
        List<string> faults = [];
        Thread reader = new(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                ToolResult result = Tool.TryRun("dd", $"if={path}", "iflag=direct", "bs=256K", "status=none");
                string actual = Convert.ToHexString(SHA256.HashData(result.Output));
                if (result.ExitCode != 0 || actual != hash)
                {
                    faults.Add($"round {rounds}: {result.ExitCode}, {result.Output.Length} bytes: {result.Error}");
                    return;
                }

                Interlocked.Increment(ref rounds);
            }
        });
        reader.Start();
        try
        {
            for (int i = 0; i < Kills; i++)
            {
                int before = Volatile.Read(ref rounds);
                disturb();
                Assert.True(
                    Machine.Eventually(() => Volatile.Read(ref rounds) > before || faults.Count > 0, 60),
                    $"reading did not go on after disturbance {i}");
            }
        }
        finally
        {
            stop.Cancel();
            reader.Join();
        }

        Assert.Empty(faults);
    }

    private static void KillWorker(PrivateSystem system)
    {
        Assert.True(Machine.Eventually(() => PrivateSystem.Workers.Length == 1), $"no worker of {system.Folder}");
        Machine.Signal(PrivateSystem.Workers[0], "KILL");
    }

    private static (string Image, string Hash) BigDisc(PrivateSystem system)
    {
        Requires.Tool("xorriso");
        string folder = Directory.CreateDirectory(system["tree"]).FullName;
        string hash = BigFile(Path.Combine(folder, "big.bin"));
        Tool.Run("xorriso", "-as", "mkisofs", "-quiet", "-R", "-V", "BIG", "-o", system["big.iso"], folder);
        Directory.Delete(folder, recursive: true);
        return (system["big.iso"], hash);
    }

    private static (string Image, string Hash) BigExt4(PrivateSystem system)
    {
        Requires.Tool("mkfs.ext4");
        string folder = Directory.CreateDirectory(system["tree"]).FullName;
        string hash = BigFile(Path.Combine(folder, "big.bin"));
        Tool.Run("mkfs.ext4", "-q", "-F", "-d", folder, system["big.img"], "128M");
        Directory.Delete(folder, recursive: true);
        return (system["big.img"], hash);
    }

    private static string BigFile(string path)
    {
        byte[] bytes = new byte[FileLength];
        new Random(7).NextBytes(bytes);
        File.WriteAllBytes(path, bytes);
        return Convert.ToHexString(SHA256.HashData(bytes));
    }
}
