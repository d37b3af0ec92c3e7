using System.Globalization;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Consistency;

/// <summary>Which file systems of a source to freeze, and whether that may be: not what this backup itself, or the
/// system that it runs on, has to write to.</summary>
internal static class FreezeCheck
{
    // A loop device on a file that lies on a loop device, and so on.
    private const int MaxDepth = 8;

    /// <summary>Opens something on each file system that is written to.</summary>
    /// <param name="uses">How the source is used.</param>
    /// <param name="folder">Where the backup is written.</param>
    /// <returns>One handle for each; belong to the caller.</returns>
    /// <exception cref="CliException">One may not be frozen.</exception>
    public static IReadOnlyList<SafeFileHandle> Open(IReadOnlyList<BlockDeviceUse> uses, string folder)
    {
        // A file system that is mounted several times is frozen once. What is in swap space matters to nobody later.
        MountEntry[] mounts = [.. uses.Where(use => !use.IsReadOnly).Select(use => use.Mount).OfType<MountEntry>()];
        string?[] outputs = [.. Enumerable.Range(1, 2).Select(NameOfOutput)];
        foreach ((string path, string what) in
            (IEnumerable<(string, string)>)
            [
                (folder, "the backup is written to it"),
                ("/", "it is the root of this system"),
                ("/var/log", "logs are written to it"),
                ("/var/lib/imaged", "imaged keeps its state on it"),
                ("/run/imaged", "imaged keeps its state on it"),
                ("/etc/lvm", "LVM keeps its archive on it"),
                .. outputs.OfType<string>().Select(path => (path, "what imagectl prints is written to it")),
            ])
        {
            if (FindMount(path, mounts, MaxDepth) is { } mount)
            {
                throw new CliException(
                    ExitCode.Refused,
                    $"'{mount.Path}' cannot be frozen for the backup, as {what} ('{path}') and would wait for itself: "
                    + "put that elsewhere, or save a snapshot (LVM), or from another system");
            }
        }

        List<SafeFileHandle> roots = [];
        foreach (IGrouping<string, BlockDeviceUse> device in uses
            .Where(use => !use.IsReadOnly && use.Mount is not null)
            .GroupBy(use => use.Device))
        {
            SafeFileHandle? root =
                device.Select(use => TryOpen(use.Mount!)).FirstOrDefault(handle => handle is not null);
            if (root is null)
            {
                roots.ForEach(handle => handle.Dispose());
                throw new CliException(
                    ExitCode.Refused, $"'{device.Key}' is {device.First().What}, where another file system hides it");
            }

            roots.Add(root);
        }

        return roots;
    }

    private static SafeFileHandle? TryOpen(MountEntry mount)
    {
        try
        {
            SafeFileHandle handle = HostPath.OpenRead(mount.Path);
            if (MountTable.IdOf(handle) == mount.Id)
            {
                return handle;
            }

            handle.Dispose();
        }
        catch (LinuxException)
        {
            // Not to be seen from here.
        }

        return null;
    }

    // Which of the mounts a path is on, also by way of the file behind a loop device.
    private static MountEntry? FindMount(string path, IReadOnlyList<MountEntry> mounts, int depth)
    {
        while (!Path.Exists(path) && Path.GetDirectoryName(path) is { } parent)
        {
            path = parent;
        }

        int id;
        try
        {
            using SafeFileHandle handle = HostPath.OpenPath(path);
            id = MountTable.IdOf(handle);
        }
        catch (LinuxException)
        {
            return null;
        }

        if (mounts.FirstOrDefault(mount => mount.Id == id) is { } found)
        {
            return found;
        }

        DeviceNumber? device = MountTable.Read().FirstOrDefault(mount => mount.Id == id)?.Device;
        string backing = $"/sys/dev/block/{device}/loop/backing_file";
        return depth > 0 && device is not null && File.Exists(backing)
            ? FindMount(File.ReadAllText(backing).TrimEnd('\n'), mounts, depth - 1)
            : null;
    }

    private static string? NameOfOutput(int descriptor)
    {
        string link = string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{descriptor}");
        return new FileInfo(link).LinkTarget is { } target && File.Exists(target) ? target : null;
    }
}
