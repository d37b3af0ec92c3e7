using System.Globalization;
using Imaged.TestKit;

namespace Imaged.E2e;

/// <summary>A file system on a loop device that is mounted and written to.</summary>
internal sealed class MountedDisk : IDisposable
{
    /// <summary>Bytes of the disk.</summary>
    public const long Length = 400L << 20;

    /// <summary>Makes and mounts it.</summary>
    /// <param name="type">Of file system.</param>
    public MountedDisk(string type)
    {
        Requires.Root();
        System = PrivateSystem.WithoutDaemon();
        SavedVolume.In(
            System,
            $"mkdir at tree; head -c 8M /dev/urandom >tree/big; truncate -s {Length} disk; mkfs.{type} -q disk >&2");
        Device = Tool.Run("losetup", "-f", "--show", System["disk"]).Text.Trim();
        Folder = System["at"];
        try
        {
            Tool.Run("mount", Device, Folder);
            SavedVolume.In(System, "cp tree/big at/big");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Where everything else is.</summary>
    public PrivateSystem System { get; }

    /// <summary>The device.</summary>
    public string Device { get; }

    /// <summary>Where it is mounted.</summary>
    public string Folder { get; }

    private string Counted => Path.Combine(Folder, "counted");

    /// <summary>Writes numbers to a file, one line after the other, each on the disk before the next.</summary>
    public RunningCommand BeginWriter()
    {
        RunningCommand writer = RunningCommand.Start(
            "/bin/sh",
            ["-c", $"n=0; while :; do n=$((n + 1)); echo $n >>{Counted}; sync -d {Counted}; done"],
            new Dictionary<string, string>(),
            null);
        Machine.Eventually(() => File.Exists(Counted) && new FileInfo(Counted).Length > 100);
        return writer;
    }

    /// <summary>Whether the writer's file becomes longer.</summary>
    public bool Grows()
    {
        long before = new FileInfo(Counted).Length;
        return Machine.Eventually(() => new FileInfo(Counted).Length > before);
    }

    /// <summary>Begins a backup that takes some seconds; returns when it reads the disk.</summary>
    /// <param name="how">What <c>--consistency</c> says.</param>
    public RunningCommand BeginSlowBackup(string how)
    {
        SavedVolume.In(System, "head -c 250M /dev/urandom >at/more; sync");
        RunningCommand backup =
            System.Begin("backup", Device, System["a.qcow2"], "--level", "15", "--consistency", how);
        Machine.Eventually(
            () => Machine.Processes(Programs.Worker).Any(id => Machine.OpenFiles(id).Contains(Device)));
        return backup;
    }

    /// <summary>Whether the file system is frozen: freezing it then fails.</summary>
    public bool IsFrozen()
    {
        if (Tool.TryRun("fsfreeze", "-f", Folder).ExitCode == 0)
        {
            Tool.Run("fsfreeze", "-u", Folder);
            return false;
        }

        return true;
    }

    /// <summary>Ids of the guards of backups of this disk.</summary>
    public int[] Guards() =>
        [.. Machine.Processes(Programs.Control).Where(id =>
        {
            try
            {
                return File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{id}/cmdline"))
                    .Contains("backup-guard", StringComparison.Ordinal);
            }
            catch (IOException)
            {
                return false; // it has ended
            }
        })];

    /// <summary>Unmounts it.</summary>
    public void Unmount() => Tool.Run("umount", Folder);

    /// <summary>Unmounts it, and takes the file off the device.</summary>
    public void Detach()
    {
        Unmount();
        Tool.Run("losetup", "-d", Device);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Tool.TryRun("fsfreeze", "-u", Folder);
        Tool.TryRun("umount", "-R", Folder);
        if (Machine.Loops().GetValueOrDefault(Device) == System["disk"])
        {
            Tool.Run("losetup", "-d", Device);
        }

        System.Dispose();
    }
}
