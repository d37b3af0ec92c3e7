using System.Globalization;
using System.Text.Json;
using Imaged.TestKit;
using Xunit;
using static Imaged.E2e.SavedVolume;

namespace Imaged.E2e;

/// <summary>Images written to several disks at once, and looked at by fsck, partitioning programs and the
/// kernel.</summary>
public sealed class DeployTests
{
    // Of the first partition of a disk that SavedVolume makes.
    private const string Partition = "bs=1M skip=2 count=64 status=none";

    [Fact]
    public void One_image_goes_to_three_disks()
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        Make(system);
        MakeDisk(system);
        In(system, "qemu-img convert -O qcow2 -c big.img big.qcow2");
        using LoopDisk same = LoopDisk.Of(system, "t1", 200);
        using LoopDisk longer = LoopDisk.Of(system, "t2", 300);
        using LoopDisk another = LoopDisk.Of(system, "t3", 257);
        JsonElement summary =
            system.Run("deploy", "--json", system["big.qcow2"], same.Path, longer.Path, another.Path).Succeeds().Json;
        Assert.True(summary.GetProperty("checked").GetBoolean());
        Assert.Equal(
            [false, true, true],
            summary.GetProperty("targets").EnumerateArray().Select(t => t.GetProperty("tableMoved").GetBoolean()));

        // Everything outside of the first partition is used, so all of it is as QEMU has it, but for the tables of
        // the longer ones.
        In(system, "qemu-img convert -O raw big.qcow2 theirs; cmp -n 2M t1 theirs; cmp -i 66M t1 theirs");
        foreach (string name in (string[])["t1", "t2", "t3"])
        {
            In(
                system,
                $"sgdisk -v {name} | grep -q 'No problems found'; sfdisk --verify {name} 2>&1 | grep -q 'No errors'; "
                + $"cmp -n 440 theirs {name}; cmp -n 140492288 -i 69206016 theirs {name}; "
                + $"dd if={name} of=part {Partition}; e2fsck -fn part");
            AssertSameFiles(system, "disk", "part");
        }
    }

    [Fact]
    public void A_disk_that_fails_is_named_and_the_others_are_whole()
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        Make(system);
        using LoopDisk one = LoopDisk.Of(system, "t1", 80);
        using LoopDisk two = LoopDisk.Of(system, "t2", 80);

        // A file with holes where there is no room to fill them: its disk fails in the middle.
        In(system, "mkdir full; mount -t tmpfs -o size=6M none full; truncate -s 80M full/t");
        try
        {
            using LoopDisk bad = LoopDisk.On(system, "full/t", "--direct-io=off");
            In(system, $"mkfs.ext4 -q -F -L OLD {bad.Path} 20M");
            CommandResult result =
                system.Run("deploy", "--force", system["disk"], one.Path, bad.Path, two.Path).Fails(1, bad.Path);
            Assert.Contains("to 2 of 3 disks", result.Output, StringComparison.Ordinal);
            Assert.DoesNotContain(one.Path, result.Error, StringComparison.Ordinal);
            In(system, $"head -c 1M {bad.Path} | cmp -n 1M - /dev/zero");
            Assert.Equal(2, Tool.TryRun("blkid", "-p", bad.Path).ExitCode);
        }
        finally
        {
            In(system, "umount full");
        }

        foreach (LoopDisk good in (LoopDisk[])[one, two])
        {
            In(system, $"e2fsck -fn {good.Path}");
            AssertSameFiles(system, "disk", good.Path);
        }
    }

    [Fact]
    public void What_is_refused_is_named_and_no_disk_is_touched()
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        Make(system);
        MakeDisk(system);
        using LoopDisk good = LoopDisk.Of(system, "good", 300);
        using LoopDisk small = LoopDisk.Of(system, "small", 100);
        using LoopDisk full = LoopDisk.Of(system, "full", 300);
        using LoopDisk coarse = LoopDisk.Of(system, "coarse", 300, "--sector-size 4096");
        In(system, $"mkfs.ext4 -q -F -L PRECIOUS {full.Path}; sync; sha256sum good small full coarse >before");
        CommandResult result =
            system.Run("deploy", system["big.img"], good.Path, small.Path, full.Path, coarse.Path).Fails(5);
        Assert.Contains($"'{small.Path}' is too small", result.Error, StringComparison.Ordinal);
        Assert.Contains($"'{full.Path}' holds a file system (ext4 'PRECIOUS')", result.Error, StringComparison.Ordinal);
        Assert.Contains($"'{coarse.Path}' has sectors of 4096 bytes", result.Error, StringComparison.Ordinal);
        system.Run("restore", system["big.img"], coarse.Path, "--force").Fails(5, "sectors of 512");

        system.Run("deploy", system["big.img"], good.Path, good.Path).Fails(2, "is the same disk as");
        File.CreateSymbolicLink(system["link"], good.Path);
        system.Run("deploy", system["big.img"], good.Path, system["link"]).Fails(2, "is the same disk as");
        system.Run("deploy", system["big.img"], good.Path, system["small"]).Fails(2, "is no block device");
        system.Run("deploy", system["big.img"], good.Path, system["absent"]).Fails(4, "there is no target");
        system.Run("deploy", good.Path, good.Path).Fails(2, "is the image itself");
        In(system, $"mount {full.Path} at");
        try
        {
            system.Run("deploy", "-f", system["big.img"], good.Path, full.Path)
                .Fails(5, $"mounted at '{system["at"]}'");
        }
        finally
        {
            In(system, "umount at; sync");
        }

        // Having been mounted is written into it.
        In(system, "grep -v full before | sha256sum -c --quiet");
    }

    [Fact]
    public void What_is_no_image_is_refused()
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        using LoopDisk target = LoopDisk.Of(system, "target", 4);
        In(
            system,
            "printf '<!DOCTYPE html><html><head><title>404</title></head></html>' >page; "
            + "head -c 2M /dev/urandom >noise; "
            + "xz -k page; head -c 1024 noise >text; : >empty; sync; sha256sum target >before");
        foreach (string name in (string[])["page", "page.xz", "noise", "text"])
        {
            system.Run("deploy", system[name], target.Path).Fails(7, "no image of a disk");
            system.Run("restore", system[name], target.Path).Fails(7, "no image of a disk");
        }

        system.Run("deploy", system["empty"], target.Path).Fails(1, "empty");
        In(system, "sha256sum -c --quiet before");
        system.Run("deploy", "--format", "raw", system["noise"], target.Path).Succeeds();
        In(system, "cmp -n 2M target noise");
    }

    [Theory]
    [InlineData("xz -0 -c big.img | $I deploy - $T")]
    [InlineData("zstd -q -c big.img | $I deploy - $T")]
    [InlineData("cat big.img | $I deploy - $T")]
    [InlineData("$I deploy - $T <big.qcow2")]
    public void An_image_comes_through_standard_input(string line)
    {
        Requires.Root();
        Requires.Tool("xz", "zstd");
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        Make(system);
        MakeDisk(system);
        In(system, "qemu-img convert -O qcow2 -c big.img big.qcow2");
        using LoopDisk target = LoopDisk.Of(system, "target", 200);
        In(system, $"I={Programs.Control}; T={target.Path}; export TMPDIR=.; {line}");
        In(system, $"cmp -n 2M target big.img; cmp -i 66M target big.img; dd if=target of=part {Partition}");
        In(system, "e2fsck -fn part");
        AssertSameFiles(system, "disk", "part");
        Assert.Empty(Directory.EnumerateFiles(system.Folder, "*.part"));
    }

    [Fact]
    public void Nothing_through_standard_input_is_no_image()
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        using LoopDisk target = LoopDisk.Of(system, "target", 4);
        string said = In(system, $": | {Programs.Control} deploy - {target.Path} 2>&1 || echo code $?");
        Assert.Contains("nothing came through standard input", said, StringComparison.Ordinal);
        Assert.Contains("code 1", said, StringComparison.Ordinal);
    }

    [Fact]
    public void An_interrupt_leaves_no_disk_with_a_beginning()
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        In(system, "head -c 700M /dev/urandom >disk; printf 'label: gpt\nsize=800000\n' | sfdisk -q disk");
        using LoopDisk one = LoopDisk.Of(system, "t1", 700);
        using LoopDisk two = LoopDisk.Of(system, "t2", 700);
        In(system, $"for d in {one.Path} {two.Path}; do mkfs.ext4 -q -F -L OLD $d; done");
        using RunningCommand command = system.Begin("deploy", system["disk"], one.Path, two.Path, "--force");
        Assert.True(Machine.Eventually(() => Tool.TryRun("blkid", "-p", two.Path).ExitCode == 2));
        command.Signal("INT");
        Assert.Equal(130, command.Finish().ExitCode);
        foreach (LoopDisk disk in (LoopDisk[])[one, two])
        {
            In(system, $"head -c 1M {disk.Path} | cmp -n 1M - /dev/zero");
        }
    }

    [Fact]
    public void A_plan_names_what_each_disk_loses_and_writes_nothing()
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        Make(system);
        MakeDisk(system);
        using LoopDisk one = LoopDisk.Of(system, "t1", 250);
        using LoopDisk two = LoopDisk.Of(system, "t2", 300);
        In(system, $"mkfs.ext4 -q -F -L PRECIOUS {two.Path}; sync; sha256sum t1 t2 >before");
        string plan =
            system.Run("deploy", system["big.img"], one.Path, two.Path, "--dry-run", "--grow").Succeeds().Output;
        Assert.Contains($"target: {one.Path}, 250 MiB", plan, StringComparison.Ordinal);
        Assert.Contains("lost: a file system (ext4 'PRECIOUS')", plan, StringComparison.Ordinal);
        Assert.Contains("partition 2: ", plan, StringComparison.Ordinal);
        Assert.Contains("nothing was written", plan, StringComparison.Ordinal);
        In(system, "sync; sha256sum -c --quiet before");
    }

    [Theory]
    [InlineData("ext4", "mkfs.ext4 -q -F -d tree volume", "e2fsck -fn part")]
    [InlineData("xfs", "mkfs.xfs -q -f volume", "xfs_repair -n part")]
    [InlineData("btrfs", "mkfs.btrfs -q -f -r tree volume", "btrfs check part")]
    [InlineData("ntfs3", "mkfs.ntfs -q -F -f volume", "ntfsresize --info --force part")]
    public void The_last_partition_and_its_file_system_grow_with_the_disk(string type, string make, string check)
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        In(system, $"mkdir tree; head -c 5M /dev/urandom >tree/big; truncate -s 320M volume; {make}");
        if (type == "xfs")
        {
            In(system, "mkdir at; mount -o loop volume at; cp tree/big at; umount at");
        }

        In(
            system,
            "truncate -s 340M disk.img; printf 'label: gpt\nstart=2048,size=16384\nstart=18432,size=655360\n' "
            + "| sfdisk -q disk.img; dd if=volume of=disk.img bs=1M seek=9 conv=notrunc,sparse status=none");
        using LoopDisk disk = LoopDisk.Of(system, "target", 500);
        JsonElement target =
            system.Run("deploy", "--json", "--grow", system["disk.img"], disk.Path).Succeeds().Json
                .GetProperty("targets")[0];
        long length = target.GetProperty("grown").GetProperty("length").GetInt64();
        Assert.Equal(490L << 20, length);
        Assert.Contains($"({type}) grew", target.GetProperty("steps")[0].GetString(), StringComparison.Ordinal);
        In(
            system,
            "sgdisk -v target | grep -q 'No problems found'; "
            + $"dd if=target of=part bs=1M skip=9 count=490 conv=sparse status=none; {check}");
        if (type != "ntfs3")
        {
            In(
                system,
                "mkdir -p m; mount -o loop,ro part m; cmp m/big tree/big && status=0 || status=1; umount m; "
                + "exit $status");
        }

        Assert.InRange(SizeOf(system, type), length - (1 << 20), length);
    }

    [Fact]
    public void A_volume_grows_with_a_longer_partition()
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        Make(system);
        Backup(system, "disk", "a.qcow2");
        using LoopDisk target = LoopDisk.Of(system, "part", 100);
        system.Run("restore", "--grow", system["a.qcow2"], target.Path).Succeeds();
        In(system, $"e2fsck -fn {target.Path}");
        AssertSameFiles(system, "disk", target.Path);
        Assert.Equal(100L << 20, SizeOf(system, "ext4"));
    }

    [Fact]
    public void What_cannot_grow_is_said()
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        In(
            system,
            "truncate -s 32M swap.img; printf 'label: gpt\nsize=8192\nsize=32768\n' | sfdisk -q swap.img; "
            + "truncate -s 16M s; mkswap -q s; dd if=s of=swap.img bs=1M seek=5 conv=notrunc status=none; "
            + "truncate -s 32M logical.img; printf 'label: dos\nstart=2048,size=8192\nstart=12288,size=40000,type=5\n"
            + "start=14336,size=8192\n' | sfdisk -q logical.img");
        using LoopDisk target = LoopDisk.Of(system, "target", 64);
        string said = system.Run("deploy", "--grow", system["swap.img"], target.Path).Succeeds().Output;
        Assert.Contains("partition 2, the last one, is swap space", said, StringComparison.Ordinal);
        In(system, "sgdisk -v target | grep -q 'No problems found'");
        said = system.Run("deploy", "-f", "--grow", system["logical.img"], target.Path).Succeeds().Output;
        Assert.Contains("partition 5, the last one, is a logical one", said, StringComparison.Ordinal);
    }

    // Bytes that the file system in part takes itself to have.
    private static long SizeOf(PrivateSystem system, string type)
    {
        string script = type switch
        {
            "ext4" => "dumpe2fs -h part 2>/dev/null | awk '/^Block count/ {n=$3} /^Block size/ {s=$3} END {print n*s}'",
            "xfs" => "xfs_db -r -c 'sb 0' -c 'p dblocks blocksize' part | awk '/dblocks/ {n=$3} /blocksize/ {s=$3} "
                + "END {print n*s}'",
            "btrfs" => "btrfs inspect-internal dump-super part | awk '/^total_bytes/ {print $2}'",
            _ => "ntfsresize --info --force part | awk '/^Current volume size/ {print $4}'",
        };
        return long.Parse(In(system, script).Trim(), CultureInfo.InvariantCulture);
    }
}
