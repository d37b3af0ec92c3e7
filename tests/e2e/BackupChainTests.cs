using System.Text.Json;
using Imaged.TestKit;
using Xunit;
using static Imaged.E2e.SavedVolume;

namespace Imaged.E2e;

/// <summary>Backups that stand on each other: listed, made whole, removed.</summary>
public sealed class BackupChainTests
{
    [Fact]
    public void A_chain_is_listed_merged_and_pruned_and_never_broken()
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        SavedVolume.Make(system);
        Backup(system, "disk", "1.qcow2");
        for (int n = 2; n <= 4; n++)
        {
            SavedVolume.Change(system, $"echo {n} >at/number; head -c 300k /dev/urandom >at/file{n}");
            Backup(system, "disk", $"{n}.qcow2", "--since", system[$"{n - 1}.qcow2"]);
        }

        In(system, "for n in 1 2 3 4; do qemu-img convert -O raw $n.qcow2 raw$n; done; rm -r tree");
        JsonElement[] listed = List(system, 0);
        Assert.Equal(
            ["1.qcow2", "2.qcow2", "3.qcow2", "4.qcow2"], listed.Select(b => b.GetProperty("name").GetString()));
        Assert.Equal("2.qcow2", listed[2].GetProperty("backup").GetProperty("parentName").GetString());

        // What a kept one stands on stays.
        system.Run("backup", "prune", system.Folder, "--keep", "last=1").Succeeds();
        Assert.Equal(4, List(system, 0).Length);

        string plan = system.Run("backup", "prune", system.Folder, "--keep", "last=2", "--merge", "--dry-run")
            .Succeeds().Output;
        Assert.Contains("would be made whole: 3.qcow2", plan, StringComparison.Ordinal);
        Assert.Contains("would be removed: 1.qcow2", plan, StringComparison.Ordinal);
        Assert.Equal(4, List(system, 0).Length);

        system.Run("backup", "prune", system.Folder, "--keep", "last=2", "--merge").Succeeds();
        JsonElement[] left = List(system, 0);
        Assert.Equal(["3.qcow2", "4.qcow2"], left.Select(b => b.GetProperty("name").GetString()));
        Assert.False(left[0].GetProperty("backup").TryGetProperty("parentName", out _));
        In(
            system,
            "for n in 3 4; do qemu-img check $n.qcow2; qemu-img compare -f qcow2 -F raw $n.qcow2 raw$n; done");
        system.Run("verify", system["4.qcow2"]).Succeeds();
        Assert.True(File.Exists(system["raw1"])); // what is no backup is not touched

        system.Run("backup", "merge", system["4.qcow2"]).Succeeds();
        In(system, "qemu-img check 4.qcow2; rm 3.qcow2; qemu-img compare -f qcow2 -F raw 4.qcow2 raw4");
        system.Run("backup", "merge", system["raw4"]).Fails(1, "no backup");
    }

    [Fact]
    public void A_broken_chain_is_told_and_nothing_of_it_is_removed()
    {
        Requires.Root();
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        SavedVolume.Make(system);
        Backup(system, "disk", "1.qcow2");
        SavedVolume.Change(system, "echo new >at/new");
        Backup(system, "disk", "2.qcow2", "--since", system["1.qcow2"]);
        Backup(system, "disk", "3.qcow2");
        In(system, "rm 1.qcow2");
        JsonElement[] listed = List(system, 6);
        Assert.Contains("'1.qcow2'", listed[0].GetProperty("problem").GetString(), StringComparison.Ordinal);
        system.Run("backup", "prune", system.Folder, "--keep", "last=1").Succeeds();
        Assert.Equal(2, List(system, 6).Length);
        system.Run("backup", "prune", system.Folder).Fails(2, "--keep");
        system.Run("backup", "list", system["nowhere"]).Fails(4);
    }

    [Fact]
    public void An_increment_takes_no_name_that_would_break_a_chain()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        string disk = system.Sample("demo.iso");
        system.Run("backup", disk, system["1.qcow2"]).Succeeds();
        system.Run("backup", disk, system["2.qcow2"], "--since", system["1.qcow2"]).Succeeds();
        system.Run("backup", disk, system["1.qcow2"], "--since", system["1.qcow2"], "--force").Fails(2, "new name");
        system.Run("backup", disk, system["1.qcow2"], "--since", system["2.qcow2"], "--force").Fails(2, "new name");
        system.Run("verify", system["2.qcow2"]).Succeeds();

        // To QEMU, what stands before a colon is a protocol.
        File.Copy(system["1.qcow2"], system["01:30.qcow2"]);
        system.Run("backup", disk, system["3.qcow2"], "--since", system["01:30.qcow2"]).Fails(7, "colon");
        Assert.False(File.Exists(system["3.qcow2"]));
    }

    [Fact]
    public void A_chain_grows_as_long_as_it_can_be_opened_and_no_longer()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        string disk = system["disk"];
        In(system, "head -c 1M /dev/urandom >disk");
        system.Run("backup", disk, system["0.qcow2"]).Succeeds();
        for (int n = 1; n <= 16; n++)
        {
            In(system, $"printf {n} | dd of=disk bs=1 seek=$(({n} * 1000)) conv=notrunc status=none");
            system.Run("backup", disk, system[$"{n}.qcow2"], "--since", system[$"{n - 1}.qcow2"]).Succeeds();
        }

        system.Run("verify", system["16.qcow2"]).Succeeds();
        string[] more = ["backup", disk, system["17.qcow2"], "--since", system["16.qcow2"]];
        system.Run(more).Fails(7, "imagectl backup merge '16.qcow2'");
        system.Run("backup", "merge", system["16.qcow2"]).Succeeds();
        system.Run(more).Succeeds();
        In(system, "qemu-img compare -f raw -F qcow2 disk 17.qcow2");
    }

    [Fact]
    public void Nothing_is_removed_while_a_backup_is_being_written()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        string disk = system.Sample("demo.iso");
        system.Run("backup", disk, system["1.qcow2"]).Succeeds();
        using (RunningCommand other = RunningCommand.Start(
            "flock",
            ["-s", "-o", system.Folder, "sh", "-c", $"touch '{system["held"]}'; exec sleep 60"],
            new Dictionary<string, string>(),
            folder: null))
        {
            Assert.True(Machine.Eventually(() => File.Exists(system["held"])));
            system.Run("backup", disk, system["2.qcow2"], "--since", system["1.qcow2"]).Succeeds();
            system.Run("backup", "prune", system.Folder, "--keep", "last=1").Fails(1, "at work");
            system.Run("backup", "merge", system["2.qcow2"]).Fails(1, "at work");
            other.Signal("TERM");
            other.Finish();
        }

        system.Run("backup", "merge", system["2.qcow2"]).Succeeds();
        system.Run("backup", "prune", system.Folder, "--keep", "last=1").Succeeds();
        Assert.Equal("2.qcow2", Assert.Single(List(system, 0)).GetProperty("name").GetString());
    }

    [Fact]
    public void Images_that_are_no_backups_are_not_listed_whatever_is_wrong_with_them()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        In(
            system,
            "qemu-img create -q -f qcow2 plain.qcow2 1M; cp plain.qcow2 damaged.qcow2; "
            + "printf '\\143' | dd of=damaged.qcow2 bs=1 seek=23 conv=notrunc status=none");
        Assert.Empty(List(system, 0));
    }

    private static JsonElement[] List(PrivateSystem system, int exitCode)
    {
        CommandResult result = system.Run("backup", "list", "--json", system.Folder);
        Assert.Equal(exitCode, result.ExitCode);
        return [.. result.Json.GetProperty("backups").EnumerateArray()];
    }
}
