using System.Runtime.InteropServices;
using Imaged.Cli.Arguments;
using Imaged.Cli.Output;
using Imaged.Ipc;
using Imaged.Ipc.Contract;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Automount;

/// <summary>Mounts the file system of a device that appeared, and the image files on it. The trigger of all these
/// mounts is the device's directory in sysfs, by which they are undone, also when the device is gone.</summary>
internal sealed class DeviceAutomount
{
    private readonly ParsedArguments _arguments;
    private readonly string _sysPath;
    private volatile bool _stopping;

    /// <summary>Of a device.</summary>
    /// <param name="arguments">How to reach the daemon.</param>
    /// <param name="path">Its directory in sysfs, or its node.</param>
    public DeviceAutomount(ParsedArguments arguments, string path)
    {
        _arguments = arguments;
        _sysPath = UdevDevice.SysPathOf(path);
    }

    /// <summary>Mounts what is allowed.</summary>
    /// <exception cref="ImagedException">It is allowed and cannot be mounted.</exception>
    public void Start()
    {
        UdevDevice device = UdevDevice.Find(_sysPath)
            ?? throw new CliException(ExitCode.NotFound, $"there is no block device '{_sysPath}'");
        using Automounter daemon = new(_arguments);
        AutomountReply reply = daemon.Decide(device.Describe());
        string? reason = reply.Allowed ? FindObstacle(device) : reply.Reason;
        if (reason is not null)
        {
            Printer.Message($"'{device.Node}' is not mounted: {reason}");
            return;
        }

        // What the daemon was asked for is waited for: what it mounts then is what is undone next.
        using PosixSignalRegistration stop = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            _stopping = true;
        });
        try
        {
            Mount(daemon, device, reply);
        }
        catch (Exception error) when (_stopping || UdevDevice.Find(_sysPath) is null)
        {
            Printer.Message($"'{device.Node}' went before it was mounted: {error.Message}");
        }
    }

    /// <summary>Unmounts all that was mounted for the device.</summary>
    public void Undo()
    {
        using Automounter daemon = new(_arguments);

        // The images on the device before the device itself, which was mounted first.
        foreach (Attachment attachment in daemon.List(trigger => trigger == _sysPath).Reverse()
            .OrderBy(a => a.Image.StartsWith("/dev/", StringComparison.Ordinal)))
        {
            daemon.Unmount(attachment);
        }
    }

    private static string? FindObstacle(UdevDevice device)
    {
        if (MountTable.Read().FirstOrDefault(entry => entry.Device == device.Number) is { } entry)
        {
            return $"it is mounted on '{entry.Path}' already";
        }

        return device.IsPartOfFileSystem ? "the whole disk is a file system, which is mounted" : null;
    }

    private static SafeFileHandle Open(UdevDevice device)
    {
        SafeFileHandle handle = HostPath.OpenRead(device.Node);
        FileIdentity identity = HostPath.Identify(handle);
        if (identity.IsBlockDevice && identity.DeviceNode == device.Number)
        {
            return handle;
        }

        handle.Dispose();
        throw new LinuxException($"open '{device.Node}', which is another device now", Errno.ENODEV);
    }

    private void Mount(Automounter daemon, UdevDevice device, AutomountReply reply)
    {
        // What an interrupted start has mounted stays.
        IReadOnlyList<Attachment> present = daemon.List(trigger => trigger == _sysPath);
        IReadOnlyList<Attachment> files = [.. present.Where(a => a.Image == device.Node)];
        if (files.Count == 0)
        {
            using SafeFileHandle handle = Open(device);
            files = daemon.Mount(new(handle, null, device.Node, _sysPath), reply.Kernel);
        }

        foreach (Attachment volume in files)
        {
            int images = reply.Folder is null ? 0 : MountImages(daemon, volume, reply, present);
            if (images == 0 && !reply.Files)
            {
                daemon.Unmount(volume);
            }
        }
    }

    private int MountImages(
        Automounter daemon, Attachment volume, AutomountReply reply, IReadOnlyList<Attachment> present)
    {
        using ImageFolder? folder = FindFolder(volume.MountPoint!, reply.Folder!);
        if (folder is null)
        {
            return 0;
        }

        int count = 0;
        IReadOnlyList<string> names = folder.List(reply.Names, out int left);
        if (left > 0)
        {
            Printer.Message(folder.DescribeLeft(left));
        }

        foreach (string name in names.TakeWhile(_ => !_stopping))
        {
            string path = folder.PathOf(name);
            if (present.Any(a => a.Image == path))
            {
                count++;
                continue;
            }

            try
            {
                using SafeFileHandle file = folder.Open(name);
                count += daemon.Mount(new(file, folder.Handle, path, _sysPath), reply.Kernel).Count;
            }
            catch (Exception error) when (error is ImagedException or LinuxException)
            {
                Printer.Message($"'{path}' is not mounted: {error.Message}");
            }
        }

        return count;
    }

    // Never outside of the device, wherever links on it lead.
    private static ImageFolder? FindFolder(string mountPoint, string name)
    {
        using SafeFileHandle root = HostPath.OpenDirectory(mountPoint);
        try
        {
            SafeFileHandle handle = HostPath.OpenBeneath(root, name);
            if (HostPath.Identify(handle).IsDirectory)
            {
                return new(handle, Path.GetFullPath(Path.Combine(mountPoint, name)));
            }

            handle.Dispose();
        }
        catch (LinuxException)
        {
            // Most devices have none; that is no fault.
        }

        return null;
    }
}
