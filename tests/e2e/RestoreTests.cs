using System.Security.Cryptography;
using System.Text.Json;
using Imaged.TestKit;
using Xunit;
using static Imaged.E2e.SavedVolume;

namespace Imaged.E2e;

/// <summary>Backups written back, to disks full of other bytes, and looked at by fsck, sfdisk and the kernel.</summary>
public sealed class RestoreTests
{
    [Fact]
    public void A_volume_comes_back_on_a_disk_of_garbage()
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        SavedVolume.Make(system);
        Backup(system, "disk", "1.qcow2");
        SavedVolume.Change(system, "rm at/big; echo new >at/new");
        Backup(system, "disk", "2.qcow2", "--since", system["1.qcow2"]);
        using LoopDisk target = LoopDisk.Of(system, "target", 80);
        string text = system.Run("restore", system["2.qcow2"], target.Path).Succeeds().Output;
        Assert.Contains("read back and compared", text, StringComparison.Ordinal);
        In(system, $"e2fsck -fn {target.Path}");
        AssertSameFiles(system, "disk", target.Path);
    }

    [Fact]
    public void A_disk_comes_back_on_a_longer_one_with_its_table_at_both_ends()
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        SavedVolume.Make(system);
        SavedVolume.MakeDisk(system);
        Backup(system, "big.img", "a.qcow2");
        using LoopDisk target = LoopDisk.Of(system, "target", 300);
        JsonElement summary =
            system.Run("restore", "--json", system["a.qcow2"], target.Path).Succeeds().Json;
        Assert.True(summary.GetProperty("targets")[0].GetProperty("tableMoved").GetBoolean());
        In(
            system,
            "cp --sparse=never target copy; sfdisk --verify copy 2>&1 | grep -q 'No errors detected'; "
            + "sfdisk -d big.img | grep -v -e device -e last-lba | sed 's/^[^ ]*[0-9] :/:/' >a; "
            + "sfdisk -d copy | grep -v -e device -e last-lba | sed 's/^[^ ]*[0-9] :/:/' >b; cmp a b; "
            + "tail -c 512 copy | head -c 8 | grep -q 'EFI PART'; cmp -n 440 big.img copy; "
            + "cmp -n 140492288 -i 69206016 big.img copy; "
            + "dd if=copy of=part bs=1M skip=2 count=64 status=none; e2fsck -fn part");
        AssertSameFiles(system, "disk", "part");

        // The first copy gone, the one at the end is found where the disk ends.
        In(system, "dd if=/dev/zero of=copy bs=512 seek=1 count=33 conv=notrunc status=none; sfdisk -d copy >c");
        Assert.Contains("start=        4096", File.ReadAllText(system["c"]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_disk_is_compared_with_a_backup_and_the_files_that_differ_are_named()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        SavedVolume.Make(system);
        SavedVolume.MakeDisk(system);
        Backup(system, "big.img", "a.qcow2");
        using LoopDisk target = LoopDisk.Of(system, "target", 300);
        system.Run("restore", system["a.qcow2"], target.Path).Succeeds();

        // The table of the longer disk is another one, and tells of a longer disk.
        Assert.Equal(6, system.Run("verify", system["a.qcow2"], "--against", target.Path).ExitCode);
        system.Run("verify", system["a.qcow2"], "--against", system["big.img"]).Succeeds();
        In(system, "dd if=target of=part bs=1M skip=2 count=64 status=none");
        string right = system.Run(
            "verify", system["a.qcow2"], "--partition", "1", "--against", system["part"]).Succeeds().Output;
        Assert.Contains("holds the same", right, StringComparison.Ordinal);

        // debugfs says where a file lies.
        In(system, "block=$(debugfs -R 'bmap /big 3' part 2>&1 | tail -n 1); size=$(dumpe2fs -h part 2>&1 | "
            + "sed -n 's/^Block size: *//p'); printf X | dd of=part bs=1 seek=$((block * size + 5)) conv=notrunc 2>&1");
        CommandResult wrong =
            system.Run("verify", system["a.qcow2"], "--partition", "1", "--against", system["part"]);
        Assert.Equal(6, wrong.ExitCode);
        Assert.Contains("'/big' differs from", wrong.Output, StringComparison.Ordinal);
        Assert.Contains("4096 bytes differ", wrong.Output, StringComparison.Ordinal);
        Assert.Equal(2, wrong.Output.TrimEnd('\n').Split('\n').Length);

        In(system, "truncate -s 40M part");
        Assert.Equal(
            6, system.Run("verify", system["a.qcow2"], "--partition", "1", "--against", system["part"]).ExitCode);
    }

    [Fact]
    public void A_device_that_is_not_there_is_no_file_to_be_made()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        string disk = system.Sample("demo.iso");
        system.Run("restore", disk, "/dev/sdzzz9").Fails(4, "no device");
        system.Run("restore", disk, "/dev/disk/by-label/nowhere").Fails(4, "no device");
        Assert.False(File.Exists("/dev/sdzzz9"));
    }

    [Fact]
    public void One_partition_of_a_disk_comes_back_alone()
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        SavedVolume.Make(system);
        SavedVolume.MakeDisk(system);
        Backup(system, "big.img", "a.qcow2");
        using LoopDisk target = LoopDisk.Of(system, "target", 64);
        system.Run("restore", system["a.qcow2"], target.Path, "--partition", "1").Succeeds();
        In(system, $"e2fsck -fn {target.Path}");
        AssertSameFiles(system, "disk", target.Path);

        // Nothing is known of the other one, but that it is a partition.
        system.Run("restore", system["big.img"], target.Path, "--partition", "2", "--force").Succeeds();
        In(system, "cmp -n 51200000 -i 104857600:0 big.img target");
    }

    [Fact]
    public void A_file_is_made_as_QEMU_would_make_it()
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        SavedVolume.Make(system);
        Backup(system, "disk", "a.qcow2");
        system.Run("restore", system["a.qcow2"], system["ours"]).Succeeds();
        system.Run("restore", system["a.qcow2"], system["ours"]).Fails(1, "--force");
        system.Run("restore", system["a.qcow2"], system["ours"], "--force").Succeeds();
        In(system, "qemu-img convert -O raw a.qcow2 theirs; cmp ours theirs");
    }

    [Fact]
    public void A_disk_that_is_too_small_or_in_use_is_not_touched()
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        SavedVolume.Make(system);
        Backup(system, "disk", "a.qcow2");
        using (LoopDisk small = LoopDisk.Of(system, "small", 63))
        {
            byte[] before = SHA256.HashData(File.ReadAllBytes(system["small"]));
            system.Run("restore", system["a.qcow2"], small.Path).Fails(5, "1048576 short");
            Assert.Equal(before, SHA256.HashData(File.ReadAllBytes(system["small"])));
        }

        using LoopDisk used = LoopDisk.Of(system, "used", 80);
        In(system, $"mkfs.ext4 -q -F -L PRECIOUS {used.Path}; mount {used.Path} at");
        try
        {
            system.Run("restore", system["a.qcow2"], used.Path, "--force").Fails(5, $"mounted at '{system["at"]}'");
        }
        finally
        {
            In(system, "umount at");
        }

        system.Run("restore", system["a.qcow2"], used.Path).Fails(5, "PRECIOUS");
        string plan = system.Run("restore", system["a.qcow2"], used.Path, "--dry-run").Succeeds().Output;
        Assert.Contains("lost: a file system (ext4 'PRECIOUS')", plan, StringComparison.Ordinal);
        Assert.Contains("nothing was written", plan, StringComparison.Ordinal);
        In(system, $"e2fsck -fn {used.Path}; blkid -p -o value -s LABEL {used.Path} | grep -x PRECIOUS");
        system.Run("restore", system["a.qcow2"], used.Path, "--force").Succeeds();
        In(system, $"blkid -p -o value -s LABEL {used.Path} | grep -x SAVED");
    }

    [Fact]
    public void A_damaged_backup_leaves_no_disk_that_looks_whole()
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        SavedVolume.Make(system);
        Backup(system, "disk", "a.qcow2");
        byte[] file = File.ReadAllBytes(system["a.qcow2"]);
        byte[] big = File.ReadAllBytes(system["tree/big"]);
        file[file.AsSpan().IndexOf(big.AsSpan(big.Length / 2, 64))] ^= 1;
        File.WriteAllBytes(system["a.qcow2"], file);
        using LoopDisk target = LoopDisk.Of(system, "target", 80);
        system.Run("restore", system["a.qcow2"], target.Path).Fails(1, "not those that were saved");
        Assert.Equal(2, Tool.TryRun("blkid", "-p", target.Path).ExitCode);
    }

    [Fact]
    public void A_restore_that_is_killed_leaves_no_disk_that_looks_whole()
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        In(system, "head -c 900M /dev/urandom >disk; printf 'label: gpt\nsize=800000\n' | sfdisk -q disk");
        using LoopDisk target = LoopDisk.Of(system, "target", 900);
        In(system, $"mkfs.ext4 -q -F -L OLD {target.Path}");
        using RunningCommand command =
            system.Begin("restore", system["disk"], target.Path, "--force");
        Assert.True(Machine.Eventually(() => Tool.TryRun("blkid", "-p", target.Path).ExitCode == 2));
        command.Signal("KILL");
        command.Finish();
        Assert.Equal(2, Tool.TryRun("blkid", "-p", target.Path).ExitCode);
    }
}
