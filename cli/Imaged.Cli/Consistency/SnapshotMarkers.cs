using System.Text;
using System.Text.RegularExpressions;
using Imaged.Cli.Output;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Consistency;

/// <summary>Files that say which snapshots there are: each is locked by the guard that has the snapshot, so that one
/// without a lock was left by a guard that was killed, or by a power cut.</summary>
/// <param name="folder">Where they are.</param>
internal sealed partial class SnapshotMarkers(string folder)
{
    private const int MaxLength = 512;

    /// <summary>Those of this system. The unit of the sweep names the folder, too.</summary>
    public static SnapshotMarkers Default { get; } = new("/var/lib/imaged/snapshots");

    /// <summary>Makes a marker, on the disk when this returns.</summary>
    /// <param name="name">Name of the file.</param>
    /// <param name="snapshot"><c>GROUP/NAME</c>.</param>
    /// <returns>Keeps it locked until it is closed.</returns>
    /// <exception cref="CliException">It cannot be made.</exception>
    public SafeFileHandle Create(string name, string snapshot)
    {
        const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(folder, OwnerOnly);

        // Without a name until it is locked: else a sweep could come in between.
        SafeFileHandle file = HostPath.TryCreateUnnamed(folder) ?? throw new CliException(
            ExitCode.Failed, $"a snapshot cannot be noted in '{folder}': can files be made there (O_TMPFILE)?");
        try
        {
            FileLock.TryLock(file, isShared: false);
            RandomAccess.Write(file, Encoding.UTF8.GetBytes(snapshot + "\n"), 0);
            FileCache.Flush(file);
            HostPath.TryLink(file, Path.Combine(folder, name));
            using SafeFileHandle directory = HostPath.OpenDirectory(folder);
            FileCache.Flush(directory);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Removes a marker.</summary>
    public void Remove(string name) => File.Delete(Path.Combine(folder, name));

    /// <summary>Removes the snapshots that were left, and says so.</summary>
    /// <returns>Whether none is left.</returns>
    public bool Sweep()
    {
        bool isClean = true;
        foreach (string path in Directory.Exists(folder) ? Directory.GetFiles(folder) : [])
        {
            if (TryOpen(path) is not { } file)
            {
                continue;
            }

            using (file)
            {
                if (!FileLock.TryLock(file, isShared: false))
                {
                    continue; // its guard lives
                }

                byte[] bytes = new byte[MaxLength];
                string snapshot = Encoding.UTF8.GetString(bytes, 0, RandomAccess.Read(file, bytes, 0)).Trim();
                string? complaint = RemoveSnapshot(snapshot);
                if (complaint is null)
                {
                    File.Delete(path);
                }
                else
                {
                    Printer.Message($"'{path}' stays: {complaint}");
                    isClean = false;
                }
            }
        }

        return isClean;
    }

    /// <summary>Whether a text is <c>GROUP/NAME</c> of a snapshot that a backup makes.</summary>
    public static bool IsSnapshot(string text) => SnapshotName().IsMatch(text);

    [GeneratedRegex(@"\A[A-Za-z0-9+_.][A-Za-z0-9+_.-]{0,126}/" + HeldSnapshot.Tag + @"_[0-9a-f]{16}\z")]
    private static partial Regex SnapshotName();

    private static SafeFileHandle? TryOpen(string path)
    {
        try
        {
            return HostPath.OpenReadWrite(path);
        }
        catch (LinuxException)
        {
            return null; // its guard has removed it, or it is not ours to open
        }
    }

    // What went wrong; null when the snapshot is gone.
    private static string? RemoveSnapshot(string snapshot)
    {
        if (!IsSnapshot(snapshot))
        {
            return "it names no snapshot of a backup";
        }

        if (!Lvm.IsInstalled)
        {
            return $"it names the snapshot '{snapshot}', which a backup left, but LVM's tools are not installed (lvm2)";
        }

        string group = snapshot.Split('/')[0];
        HostCommandResult tags = Lvm.Run("lvs", "--noheadings", "-o", "lv_tags", snapshot);
        if (tags.ExitCode != 0)
        {
            // A group may lie on a disk that is missing now, and come back with the snapshot.
            return Lvm.Run("vgs", "--noheadings", "-o", "vg_name", group).ExitCode == 0
                ? null
                : $"there is no volume group '{group}' now, which has a snapshot that a backup left";
        }

        if (!tags.Output.Trim().Split(',').Contains(HeldSnapshot.Tag))
        {
            return $"'{snapshot}' has not the tag {HeldSnapshot.Tag}: it is somebody else's";
        }

        HostCommandResult result = Lvm.Run("lvremove", "--yes", snapshot);
        if (result.ExitCode != 0)
        {
            return $"cannot remove the snapshot '{snapshot}': {result.Complaint}";
        }

        Printer.Message($"removed the snapshot '{snapshot}', which a backup that was killed had left");
        return null;
    }
}
