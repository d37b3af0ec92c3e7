using System.Text.Json;
using Imaged.TestKit;
using Xunit;

namespace Imaged.E2e;

/// <summary>Scheduled backups, run as their unit runs them. Timers and units are seen in the virtual machine.</summary>
public sealed class BackupScheduleTests
{
    [Fact]
    public void Runs_make_a_whole_backup_then_increments_and_keep_what_the_rules_say()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        string disk = Prepare(system, "full-every = 3", "keep = last=4");
        for (int run = 0; run < 5; run++)
        {
            Tool.Run("/bin/sh", "-c", $"date +%s%N | dd of='{disk}' bs=1 seek=$((300000 * {run})) conv=notrunc 2>&1");
            system.Run("backup", "run", "data").Succeeds();
        }

        // Whole, increment, increment, whole, increment; the first four would be needed by none if they were not kept.
        string[] files = [.. Directory.GetFiles(system["target"]).Order(StringComparer.Ordinal)];
        JsonElement backups = JsonDocument.Parse(
            system.Run("--json", "backup", "list", system["target"]).Succeeds().Output).RootElement
            .GetProperty("backups");
        Assert.Equal(5, files.Length);
        Assert.Equal(
            [false, true, true, false, true],
            backups.EnumerateArray().Select(b => b.GetProperty("backup").TryGetProperty("parentName", out _)));
        Assert.All(files, file => system.Run("verify", file).Succeeds());
        Tool.Run("qemu-img", "compare", files[^1], disk);

        JsonElement schedule = Schedule(system);
        Assert.Equal(5, schedule.GetProperty("backups").GetInt32());
        Assert.Equal(1, schedule.GetProperty("depth").GetInt32());
        Assert.Equal(files.Sum(file => new FileInfo(file).Length), schedule.GetProperty("size").GetInt64());
        Assert.Equal(Path.GetFileName(files[^1]), schedule.GetProperty("last").GetProperty("file").GetString());
        Assert.Equal(0, schedule.GetProperty("last").GetProperty("exitCode").GetInt32());
        Assert.True(schedule.GetProperty("lastGood").TryGetProperty("verified", out _));

        // The first chain goes as soon as no kept one stands on it.
        File.WriteAllText(
            system["backup.d/data.conf"],
            File.ReadAllText(system["backup.d/data.conf"]).Replace("last=4", "last=2", StringComparison.Ordinal));
        system.Run("backup", "run", "data").Succeeds();
        Assert.Equal(3, Directory.GetFiles(system["target"]).Length);
    }

    [Fact]
    public void What_a_killed_run_left_is_removed_and_nothing_else()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        Prepare(system);
        SavedVolume.In(
            system,
            "cd target; echo >.a.qcow2.77.part; echo >.young.qcow2.78.part; echo >.locked.qcow2.79.part; echo >.part; "
            + "echo >.other.part; echo >a.qcow2.80.part; mkdir .b.81.part; ln -s /dev/null .c.82.part; "
            + "touch -h -d '2 days ago' .a.qcow2.77.part .locked.qcow2.79.part .part .other.part a.qcow2.80.part "
            + ".b.81.part .c.82.part");
        using (File.OpenHandle(system["target/.locked.qcow2.79.part"], FileMode.Open, FileAccess.Write, FileShare.None))
        {
            string told = system.Run("backup", "prune", system["target"], "--keep", "last=9", "--dry-run").Succeeds()
                .Output;
            Assert.Equal("would be removed: .a.qcow2.77.part, 1 B that a killed run left\n", told);
            Assert.True(File.Exists(system["target/.a.qcow2.77.part"]));
            system.Run("backup", "run", "data").Succeeds();
        }

        string left = SavedVolume.In(system, "cd target; find . -mindepth 1 ! -name 'data-*' | sort | xargs");
        Assert.Equal(
            "./.b.81.part ./.c.82.part ./.locked.qcow2.79.part ./.other.part ./.part ./.young.qcow2.78.part "
            + "./a.qcow2.80.part\n",
            left);
    }

    [Fact]
    public void A_disk_of_another_length_is_saved_whole()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        string disk = Prepare(system);
        system.Run("backup", "run", "data").Succeeds();
        Tool.Run("truncate", "-s", "+1M", disk);
        system.Run("backup", "run", "data").Succeeds();
        Assert.Equal(0, Schedule(system).GetProperty("depth").GetInt32());
        Assert.Equal(2, Schedule(system).GetProperty("backups").GetInt32());
    }

    [Fact]
    public void What_fails_is_told_and_listed_and_leaves_the_rest_as_it_was()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        string disk = Prepare(system);
        system.Run("backup", "run", "data").Succeeds();
        File.Move(disk, disk + ".away");
        system.Run("backup", "run", "data").Fails(4);
        Assert.Equal(6, system.Run("backup", "list").ExitCode);
        JsonElement schedule = JsonDocument.Parse(system.Run("--json", "backup", "list").Output).RootElement
            .GetProperty("schedules")[0];
        Assert.Equal(4, schedule.GetProperty("last").GetProperty("exitCode").GetInt32());
        Assert.Equal(0, schedule.GetProperty("lastGood").GetProperty("exitCode").GetInt32());
        Assert.Equal(1, schedule.GetProperty("backups").GetInt32());
        Assert.Contains("the last run failed", system.Run("doctor").Output, StringComparison.Ordinal);

        File.AppendAllText(system["backup.d/data.conf"], "keep = nonsense\n");
        system.Run("backup", "run", "data").Fails(2, "line 3");
        Assert.Contains("wrong settings", system.Run("backup", "list").Output, StringComparison.Ordinal);
        system.Run("backup", "run", "other").Fails(4, "no scheduled backup");
        system.Run("backup", "run", "../data").Fails(2, "its name");
        Directory.Delete(system["target"], recursive: true);
        File.WriteAllLines(system["backup.d/data.conf"], [$"source = {disk}", $"target = {system["target"]}"]);
        system.Run("backup", "run", "data").Fails(4, "mounted?");
    }

    [Fact]
    public void Two_runs_never_overlap()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        Prepare(system, "rate = 1M");
        using RunningCommand first = system.Begin("backup", "run", "data");
        Assert.True(Machine.Eventually(() => File.Exists(system["backup/data.lock"])
            && system.Run("job").Output.Contains("save", StringComparison.Ordinal)));
        system.Run("backup", "run", "data").Fails(1, "another process");
        first.Signal("INT");
        Assert.Equal(130, first.Finish().ExitCode);
        Assert.Empty(Directory.GetFiles(system["target"]));
    }

    [Fact]
    public void Runs_of_several_schedules_with_one_folder_wait_for_each_other()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        string disk = Prepare(system, "rate = 1M", "keep = last=1");
        File.WriteAllLines(
            system["backup.d/other.conf"], [$"source = {disk}", $"target = {system["target"]}", "keep = last=1"]);
        using RunningCommand slow = system.Begin("backup", "run", "data");
        Assert.True(Machine.Eventually(
            () => system.Run("job").Output.Contains("save", StringComparison.Ordinal)));

        // It saves beside the other one, and waits to remove what may be needed by it.
        CommandResult other = system.Run("backup", "run", "other").Succeeds();
        Assert.Contains("waits until another", other.Error, StringComparison.Ordinal);
        Assert.Equal(0, slow.Finish().ExitCode);
        Assert.Equal(2, Directory.GetFiles(system["target"]).Length);
    }

    [Fact]
    public void A_full_disk_fails_cleanly_keeps_the_old_ones_and_says_how_much_was_missing()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        string disk = Prepare(system, "full-every = 1");
        Tool.Run("mount", "-t", "tmpfs", "-o", "size=6M", "none", system["target"]);
        try
        {
            system.Run("backup", "run", "data").Succeeds();
            string old = Assert.Single(Directory.GetFiles(system["target"]));
                system.Run("backup", "run", "data").Fails(1, "more would have been needed");
            Assert.Equal([old], Directory.GetFiles(system["target"]));
            system.Run("verify", old).Succeeds();
            Assert.Equal(new FileInfo(old).Length, Schedule(system, fails: true).GetProperty("size").GetInt64());
        }
        finally
        {
            Tool.Run("umount", system["target"]);
        }
    }

    private static string Prepare(PrivateSystem system, params string[] settings)
    {
        string disk = system["disk"];
        Tool.Run("/bin/sh", "-c", $"head -c 4M /dev/urandom >'{disk}'");
        Directory.CreateDirectory(system["target"]);
        Directory.CreateDirectory(system["backup.d"]);
        File.WriteAllLines(
            system["backup.d/data.conf"], [$"source = {disk}", $"target = {system["target"]}", .. settings]);
        return disk;
    }

    private static JsonElement Schedule(PrivateSystem system, bool fails = false)
    {
        CommandResult listed = system.Run("--json", "backup", "list");
        Assert.Equal(fails ? 6 : 0, listed.ExitCode);
        return JsonDocument.Parse(listed.Output).RootElement.GetProperty("schedules")[0];
    }
}
