using System.Globalization;
using Imaged.TestKit;
using Xunit;
using static Imaged.E2e.SavedVolume;

namespace Imaged.E2e;

/// <summary>A folder of backups after a power cut at any moment.</summary>
public sealed class PowerCutTests
{
    [Theory]
    [InlineData("ext4", 96)]
    [InlineData("xfs", 300)]
    [InlineData("btrfs", 128)]
    public void Whatever_is_listed_after_a_power_cut_is_whole(string type, int mebibytes)
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        In(system, "mkdir at store; truncate -s 8M disk; mkfs.ext4 -q disk");
        List<(long Moment, string[] There)> steps = [];
        using LoggedDisk logged = new(system, "logged", mebibytes);
        In(system, $"mkfs.{type} -q {logged.Path}; mount {logged.Path} store");
        try
        {
            Done();
            for (int n = 1; n <= 5; n++)
            {
                Change(system, $"echo {n} >at/number; head -c 100k /dev/urandom >at/file{n}");
                string[] since = n == 1 ? [] : ["--since", system[$"store/{n - 1}.qcow2"]];
                Backup(system, "disk", $"store/{n}.qcow2", since);
                In(system, $"qemu-img convert -O raw store/{n}.qcow2 raw{n}");
                Done();
            }

            system.Run("backup", "merge", system["store/5.qcow2"]).Succeeds();
            Done();
            system.Run("backup", "prune", system["store"], "--keep", "last=3", "--merge").Succeeds();
            Done();
        }
        finally
        {
            In(system, "umount store");
        }

        Assert.Equal(["3.qcow2", "4.qcow2", "5.qcow2"], steps[^1].There);
        logged.Dispose();
        int cuts = 0;
        logged.EveryCut(steps[3].Moment, system["cut"], moment =>
        {
            cuts++;
            In(system, "mount -o loop cut store");
            try
            {
                // What was there before the command that was cut off, or after it; never less than what both have.
                string[] names = [.. system.Run("backup", "list", "--json", system["store"]).Succeeds().Json
                    .GetProperty("backups").EnumerateArray().Select(b => b.GetProperty("name").GetString()!)];
                int next = steps.FindIndex(step => step.Moment > moment);
                string[] after = steps[next < 0 ? ^1 : next].There;
                string[] before = steps[next < 0 ? ^1 : next - 1].There;
                Assert.Empty(before.Intersect(after).Except(names));
                Assert.Empty(names.Except(before.Union(after)));
                foreach (string name in names)
                {
                    system.Run("verify", system[$"store/{name}"]).Succeeds();
                    In(system, $"qemu-img compare -f qcow2 -F raw store/{name} raw{name[0]}");
                }
            }
            finally
            {
                In(system, "umount store");
            }
        });
        Assert.True(cuts > 20, $"only {cuts} cuts");

        void Done()
        {
            In(system, "sync -f store");
            string[] there = [.. Directory.EnumerateFiles(system["store"]).Select(f => Path.GetFileName(f)!).Order()];
            steps.Add((logged.Now, there));
        }
    }

    [Theory]
    [InlineData("ext4")]
    [InlineData("xfs")]
    [InlineData("btrfs")]
    [InlineData("ext4", "--no-check")]
    [InlineData("ext4", "--to", "raw")]
    public void A_backup_whose_disk_goes_meanwhile_fails_and_says_so(string type, params string[] options)
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        In(system, "mkdir store; head -c 20M /dev/urandom >disk");
        using LoggedDisk logged = new(system, "logged", 300);
        In(system, $"mkfs.{type} -q {logged.Path}; mount {logged.Path} store");
        try
        {
            string target = system["store/a.qcow2"];
            using RunningCommand backup = system.Begin(["backup", system["disk"], target, "--rate", "4M", .. options]);
            Assert.True(Machine.Eventually(() => Written() > 1 << 20));
            logged.Fail();
            backup.Finish().Fails(1, $"'{target}' was not written and is as it was before");
        }
        finally
        {
            In(system, "umount -l store");
        }

        // Its file has no name yet.
        long Written() => long.Parse(
            In(
                system,
                $"for f in /proc/[0-9]*/fd/*; do case $(readlink $f) in $PWD/store/*) stat -L -c %s $f;; esac; done "
                + "2>/dev/null | sort -n | tail -n 1 | grep . || echo 0"),
            CultureInfo.InvariantCulture);
    }
}
