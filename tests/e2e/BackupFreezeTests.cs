using System.Text.Json;
using Imaged.TestKit;
using Xunit;

namespace Imaged.E2e;

/// <summary>Backups of file systems that are written to meanwhile, frozen: what the kernel, fsck and a writer see of
/// it.</summary>
public sealed class BackupFreezeTests
{
    [Theory]
    [InlineData("ext4", "e2fsck -fn raw")]
    [InlineData("xfs", "xfs_repair -n raw")]
    [InlineData("btrfs", "btrfs check raw")]
    public void A_frozen_file_system_is_saved_as_it_was_while_a_writer_waits(string type, string check)
    {
        Requires.Tool($"mkfs.{type}");
        using MountedDisk disk = new(type);
        using RunningCommand writer = disk.BeginWriter();
        CommandResult result = disk.System.Run(
            "backup", disk.Device, disk.System["a.qcow2"], "--consistency", "freeze").Succeeds();
        Assert.Contains("source: frozen", result.Output, StringComparison.Ordinal);
        Assert.False(disk.IsFrozen());
        Assert.True(disk.Grows(), "the writer goes on");
        writer.Signal("KILL");
        _ = writer.Finish();
        Assert.Equal(
            "frozen",
            SavedVolume.ReadManifest(disk.System["a.qcow2"]).GetProperty("consistency").GetString());

        // Writes came one after the other: the file ends with the last one, with nothing missing before it. Two file
        // systems with one UUID are not mounted at once.
        disk.Detach();
        SavedVolume.In(
            disk.System,
            "qemu-img check a.qcow2 && qemu-img convert -O raw a.qcow2 raw && mount -o loop raw at && "
            + "cp at/counted counted && cmp at/big tree/big && umount at && seq $(wc -l <counted) | cmp - counted && "
            + $"{check} >&2");
    }

    [Fact]
    public void Only_used_blocks_of_a_frozen_file_system_are_saved()
    {
        foreach (string type in (string[])["ext4", "xfs"])
        {
            using MountedDisk disk = new(type);
            JsonElement summary = disk.System.Run(
                "backup", "--json", disk.Device, disk.System["a.qcow2"], "--consistency=freeze").Succeeds().Json;
            JsonElement volume = Assert.Single(summary.GetProperty("volumes").EnumerateArray());
            Assert.False(volume.TryGetProperty("whole", out _));
            Assert.InRange(volume.GetProperty("used").GetInt64(), 8 << 20, MountedDisk.Length / 2);
            Assert.Equal("frozen", summary.GetProperty("consistency").GetString());
        }
    }

    [Theory]
    [InlineData("KILL")]
    [InlineData("INT")]
    [InlineData("TERM")]
    public void When_a_backup_is_ended_the_source_is_thawed(string signal)
    {
        using MountedDisk disk = new("ext4");
        using RunningCommand backup = disk.BeginSlowBackup("freeze");
        Assert.True(Machine.Eventually(disk.IsFrozen));
        backup.Signal(signal);
        backup.Finish();
        Assert.True(Machine.Eventually(() => !disk.IsFrozen()));
        Assert.True(Machine.Eventually(() => disk.Guards().Length == 0));
        Assert.False(File.Exists(disk.System["a.qcow2"]));
    }

    [Fact]
    public void When_the_guard_is_killed_the_source_is_thawed_and_nothing_is_kept()
    {
        using MountedDisk disk = new("ext4");
        using RunningCommand backup = disk.BeginSlowBackup("freeze");
        Assert.True(Machine.Eventually(disk.IsFrozen));

        // Only those that are killed for good count: it does not end by what ends a whole service.
        int guard = Assert.Single(disk.Guards());
        Machine.Signal(guard, "TERM");
        Machine.Signal(guard, "INT");
        Assert.True(disk.IsFrozen());
        Machine.Signal(guard, "KILL");
        backup.Finish().Fails(1, "was killed");
        Assert.False(disk.IsFrozen());
        Assert.False(File.Exists(disk.System["a.qcow2"]));
    }

    [Fact]
    public void What_takes_longer_than_the_limit_fails_and_is_thawed()
    {
        using MountedDisk disk = new("xfs");
        using RunningCommand backup = disk.BeginSlowBackup("freeze:1");
        CommandResult result = backup.Finish().Fails(1, "frozen for 1 s, which is the limit");
        Assert.Contains("--consistency=freeze:SECONDS", result.Error, StringComparison.Ordinal);
        Assert.False(disk.IsFrozen());
        Assert.True(Machine.Eventually(() => disk.Guards().Length == 0));
        Assert.False(File.Exists(disk.System["a.qcow2"]));
    }

    [Fact]
    public void What_somebody_else_thaws_is_not_kept()
    {
        using MountedDisk disk = new("ext4");
        using RunningCommand backup = disk.BeginSlowBackup("freeze");
        Assert.True(Machine.Eventually(disk.IsFrozen));
        Tool.Run("fsfreeze", "-u", disk.Folder);
        backup.Finish().Fails(1, "somebody else thawed");
        Assert.False(File.Exists(disk.System["a.qcow2"]));
    }

    [Fact]
    public void What_would_wait_for_itself_is_refused()
    {
        using MountedDisk disk = new("ext4");
        string target = Path.Combine(disk.Folder, "a.qcow2");
        disk.System.Run("backup", disk.Device, target, "--consistency=freeze")
            .Fails(5, "the backup is written to it");

        // By way of a loop device on a file of it, and of what is printed.
        SavedVolume.In(
            disk.System,
            "truncate -s 20M at/inner && mkfs.ext4 -q at/inner && mkdir inner && mount -o loop at/inner inner");
        disk.System.Run("backup", disk.Device, disk.System["inner/a.qcow2"], "--consistency=freeze")
            .Fails(5, "the backup is written to it");
        SavedVolume.In(disk.System, "umount inner");
        Tool.Shell(
            $"IMAGED_WORKER='{Programs.Worker}' '{Programs.Control}' backup {disk.Device} '{disk.System["a.qcow2"]}' "
            + $"--consistency=freeze >'{disk.Folder}/log' 2>'{disk.System["said"]}' || test $? = 5");
        Assert.Contains("what imagectl prints", File.ReadAllText(disk.System["said"]), StringComparison.Ordinal);
        Assert.False(disk.IsFrozen());
        Assert.False(File.Exists(disk.System["a.qcow2"]));
    }

    [Fact]
    public void What_is_frozen_already_stays_so_and_is_refused()
    {
        using MountedDisk disk = new("ext4");
        Tool.Run("fsfreeze", "-f", disk.Folder);
        disk.System.Run("backup", disk.Device, disk.System["a.qcow2"], "--consistency=freeze:1")
            .Fails(5, "is frozen already");
        Assert.True(disk.IsFrozen());
        Tool.Run("fsfreeze", "-u", disk.Folder);
    }

    [Fact]
    public void The_ways_out_are_named_and_a_choice_that_cannot_be_is_refused()
    {
        using MountedDisk disk = new("ext4");
        string target = disk.System["a.qcow2"];
        foreach (string how in (string[])["auto", "unused"])
        {
            CommandResult refused = disk.System.Run("backup", disk.Device, target, "--consistency", how).Fails(5);
            Assert.Contains("remount,ro", refused.Error, StringComparison.Ordinal);
            Assert.Contains("LVM", refused.Error, StringComparison.Ordinal);
            Assert.Contains("--consistency=freeze", refused.Error, StringComparison.Ordinal);
        }

        disk.System.Run("backup", disk.Device, target, "--consistency=snapshot").Fails(5, "no logical volume");
        disk.System.Run("backup", disk.Device, target, "--consistency=sometimes").Fails(2, "freeze:SECONDS");
        disk.Unmount();
        disk.System.Run("backup", disk.Device, target, "--consistency=freeze").Succeeds();
        Assert.Equal("unused", SavedVolume.ReadManifest(target).GetProperty("consistency").GetString());
    }

    [Fact]
    public void What_another_mount_namespace_writes_to_is_refused()
    {
        using MountedDisk disk = new("ext4");
        disk.Unmount();
        Tool.Shell(
            $"unshare -m sh -c \"mount {disk.Device} '{disk.Folder}' && IMAGED_WORKER='{Programs.Worker}' nsenter "
            + $"--mount=/proc/{Environment.ProcessId}/ns/mnt '{Programs.Control}' backup {disk.Device} "
            + $"'{disk.System["a.qcow2"]}' 2>'{disk.System["said"]}'\" || test $? = 5");
        Assert.Contains("another container", File.ReadAllText(disk.System["said"]), StringComparison.Ordinal);
    }
}
