using System.Text.Json;
using Imaged.TestKit;
using Xunit;
using static Imaged.E2e.SavedVolume;

namespace Imaged.E2e;

/// <summary>Copies of a machine that are to be machines of their own.</summary>
public sealed class IdentityTests
{
    private const string MachineId = "0123456789abcdef0123456789abcdef";

    [Fact]
    public void Each_disk_gets_an_identity_of_its_own()
    {
        Requires.Root();
        Requires.Tool("ssh-keygen", "debugfs", "sgdisk");
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        MakeMachine(system);
        using LoopDisk one = LoopDisk.Of(system, "t1", 150);
        using LoopDisk two = LoopDisk.Of(system, "t2", 150);
        system.Run("deploy", "--identity=fresh", system["m.img"], one.Path, two.Path).Succeeds();
        List<string> seen = [In(system, "sfdisk -d m.img | grep -o -i -e 'label-id.*' -e 'uuid=.*'")];
        foreach (string name in (string[])["t1", "t2"])
        {
            In(
                system,
                $"sgdisk -v {name} | grep -q 'No problems found'; "
                + $"dd if={name} of=part bs=1M skip=9 count=80 status=none; e2fsck -fn part; "
                + "mkdir -p m; mount -o loop,ro part m");
            try
            {
                Assert.Equal(string.Empty, File.ReadAllText(system["m/etc/machine-id"]));
                Assert.Equal(string.Empty, File.ReadAllText(system["m/etc/hostname"]));
                Assert.False(File.Exists(system["m/var/lib/dbus/machine-id"]));
                Assert.False(File.Exists(system["m/var/lib/systemd/random-seed"]));
                string uuid = In(system, $"sfdisk --part-uuid {name} 2").Trim().ToLowerInvariant();
                Assert.Equal($"PARTUUID={uuid} / ext4 defaults 0 1\n", File.ReadAllText(system["m/etc/fstab"]));
                In(
                    system,
                    "cd m; ls etc/ssh | sort | tr '\\n' ' ' >../names; stat -c %a etc/ssh/ssh_host_rsa_key >../mode; "
                    + "for k in rsa ed25519; do ssh-keygen -y -f etc/ssh/ssh_host_${k}_key | cut -d' ' -f1,2 >../ours; "
                    + "cut -d' ' -f1,2 etc/ssh/ssh_host_${k}_key.pub | cmp - ../ours; done; "
                    + "! cmp -s etc/ssh/ssh_host_rsa_key ../tree/etc/ssh/ssh_host_rsa_key; "
                    + "cmp etc/ssh/sshd_config ../tree/etc/ssh/sshd_config; cmp big ../tree/big");
                Assert.Equal(
                    "ssh_host_ed25519_key ssh_host_ed25519_key.pub ssh_host_rsa_key ssh_host_rsa_key.pub sshd_config ",
                    File.ReadAllText(system["names"]));
                Assert.Equal("600\n", File.ReadAllText(system["mode"]));
                seen.Add(File.ReadAllText(system["m/etc/ssh/ssh_host_ed25519_key.pub"]));
            }
            finally
            {
                In(system, "umount m");
            }

            seen.Add(In(system, $"sfdisk -d {name} | grep -o -i -e 'label-id.*' -e 'uuid=.*'"));
        }

        Assert.Equal(seen.Count, seen.Distinct().Count());
        Assert.Equal(
            In(system, "blkid -p -o value -s UUID volume"), In(system, "blkid -p -o value -s UUID part"));
    }

    [Fact]
    public void A_machine_gets_the_name_that_it_is_given_and_grows()
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        MakeMachine(system);
        using LoopDisk target = LoopDisk.Of(system, "target", 200);
        JsonElement summary = system.Run(
            "deploy", "--json", "--grow", "--identity=fresh", "--hostname=web7.example.org", system["m.img"],
            target.Path).Succeeds().Json.GetProperty("targets")[0];
        string[] steps = [.. summary.GetProperty("steps").EnumerateArray().Select(step => step.GetString()!)];
        Assert.Contains("partition 2: /etc/hostname: web7.example.org", steps);
        Assert.Contains("partition 2: /etc/fstab: the new ids of partitions", steps);
        In(system, "dd if=target of=part bs=1M skip=9 count=190 status=none; e2fsck -fn part");
        Assert.Equal("web7.example.org\n", In(system, "debugfs -R 'cat /etc/hostname' part 2>/dev/null"));
        system.Run("deploy", "-f", "--hostname=x", system["m.img"], target.Path).Fails(2, "--identity=fresh");
        system.Run("deploy", "-f", "--identity=fresh", "--hostname=a_b", system["m.img"], target.Path)
            .Fails(2, "no host name");
    }

    [Fact]
    public void Links_in_the_image_lead_nowhere()
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        In(system, "mkdir victim; echo mine >victim/machine-id; echo mine >victim/ssh_host_rsa_key; cp -r victim kept");
        MakeMachine(
            system,
            $"rm -r etc/ssh; ln -s {system["victim"]} etc/ssh; ln -sf {system["victim/machine-id"]} etc/hostname; "
            + $"rm etc/machine-id; ln -s ../../../../../../../../..{system["victim/machine-id"]} etc/machine-id; "
            + "rm var/lib/systemd/random-seed; mkfifo var/lib/systemd/random-seed; rm etc/fstab; mkfifo etc/fstab");
        using LoopDisk target = LoopDisk.Of(system, "target", 150);
        string said = system.Run(
            "deploy", "--identity=fresh", "--hostname=new", system["m.img"], target.Path).Succeeds().Output;
        In(system, "diff -r victim kept");
        Assert.Contains("/etc/hostname: new", said, StringComparison.Ordinal);
        Assert.DoesNotContain("machine-id: empty", said, StringComparison.Ordinal);
        Assert.DoesNotContain("ssh_host", said, StringComparison.Ordinal);
    }

    [Fact]
    public void An_mbr_gets_another_id_and_the_boot_partition_names_it()
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        In(
            system,
            "mkdir -p tree/boot/firmware tree/usr/lib; : >tree/usr/lib/os-release; "
            + "echo 'root=PARTUUID=1234ABCD-01 rw' >tree/boot/firmware/cmdline.txt; truncate -s 32M v; "
            + "mkfs.ext4 -q -F -d tree v; truncate -s 40M pi.img; "
            + "printf 'label: dos\nlabel-id: 0x1234abcd\nstart=2048,size=65536\n' | sfdisk -q pi.img; "
            + "dd if=v of=pi.img bs=1M seek=1 conv=notrunc status=none");
        using LoopDisk target = LoopDisk.Of(system, "target", 40);
        system.Run("restore", "--identity=fresh", system["pi.img"], target.Path).Succeeds();
        string id = In(system, "sfdisk --disk-id target").Trim()[2..];
        Assert.NotEqual("1234abcd", id);
        In(system, "dd if=target of=part bs=1M skip=1 count=32 status=none");
        Assert.Equal(
            $"root=PARTUUID={id}-01 rw\n", In(system, "debugfs -R 'cat /boot/firmware/cmdline.txt' part 2>/dev/null"));
    }

    [Fact]
    public void Without_a_root_file_system_there_is_nothing_to_reset()
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        Make(system);
        using LoopDisk target = LoopDisk.Of(system, "target", 64);
        string said = system.Run("deploy", "--identity=fresh", system["disk"], target.Path).Succeeds().Output;
        Assert.Contains("there is no root file system", said, StringComparison.Ordinal);
        In(system, $"e2fsck -fn {target.Path}");
    }

    // A disk with a root file system in its second partition.
    private static void MakeMachine(PrivateSystem system, string change = ":") => In(
        system,
        "mkdir -p tree/etc/ssh tree/usr/lib tree/var/lib/dbus tree/var/lib/systemd; cd tree; "
        + $"echo {MachineId} >etc/machine-id; cp etc/machine-id var/lib/dbus; echo s >var/lib/systemd/random-seed; "
        + "echo golden >etc/hostname; : >usr/lib/os-release; echo Port 22 >etc/ssh/sshd_config; "
        + "head -c 5M /dev/urandom >big; "
        + "for k in rsa ed25519; do ssh-keygen -q -t $k -N '' -f etc/ssh/ssh_host_${k}_key; done; cd ..; "
        + "truncate -s 100M m.img; printf 'label: gpt\nstart=2048,size=16384\nstart=18432,size=163840\n' "
        + "| sfdisk -q m.img; "
        + "echo \"PARTUUID=$(sfdisk --part-uuid m.img 2 | tr A-Z a-z) / ext4 defaults 0 1\" >tree/etc/fstab; "
        + $"cd tree; {change}; cd ..; truncate -s 80M volume; mkfs.ext4 -q -F -d tree volume; "
        + "dd if=volume of=m.img bs=1M seek=9 conv=notrunc status=none");
}
