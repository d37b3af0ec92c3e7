using System.Runtime.InteropServices;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Hosting;

/// <summary>Where an image is written to: a block device that nobody else uses, or a new file.</summary>
internal sealed class RestoreTarget : IDisposable
{
    private const long HeadLength = 1 << 20;

    private readonly OutputFile? _file;

    private RestoreTarget(string name, OutputFile? file, IReadOnlyList<SafeHandle> descriptors)
    {
        Name = name;
        _file = file;
        Descriptors = descriptors;
    }

    /// <summary>As the user wrote it.</summary>
    public string Name { get; }

    /// <summary>Whether it is a new file.</summary>
    public bool IsFile => _file is not null;

    /// <summary>The target, opened for reading and writing; of a device a second description of it.</summary>
    public IReadOnlyList<SafeHandle> Descriptors { get; }

    /// <summary>The device, opened so that nobody else may use it.</summary>
    public SafeFileHandle Device => (SafeFileHandle)Descriptors[0];

    /// <summary>Opens the target.</summary>
    /// <param name="name">As the user wrote it.</param>
    /// <param name="replace">Whether a file of that name may be replaced.</param>
    /// <exception cref="CliException">It is in use, or cannot be written.</exception>
    public static RestoreTarget Open(string name, bool replace)
    {
        if (name == "-")
        {
            throw new CliException(
                ExitCode.Usage, "for the bytes of the disk on standard output: imagectl convert IMAGE -");
        }

        if (Identify(name) is { IsBlockDevice: true })
        {
            return OpenDevices([name])[0];
        }

        // A device whose name is mistyped, or that is not there: nobody wants a file among the devices.
        string folder = Path.GetDirectoryName(Path.GetFullPath(name)) ?? "/";
        if (folder is "/dev" || folder.StartsWith("/dev/disk/", StringComparison.Ordinal))
        {
            throw new CliException(ExitCode.NotFound, $"there is no device '{name}'");
        }

        OutputFile file = OutputFile.Create(name, replace, isPrivate: true);
        return new(name, file, [file.Handle]);
    }

    /// <summary>Opens several block devices, all or none of them.</summary>
    /// <exception cref="CliException">One is no block device, is in use, is named twice, or cannot be written; all of
    /// those are named.</exception>
    public static IReadOnlyList<RestoreTarget> OpenDevices(IReadOnlyList<string> names)
    {
        List<RestoreTarget> targets = [];
        List<CliException> refused = [];
        Dictionary<DeviceNumber, string> known = [];
        foreach (string name in names)
        {
            try
            {
                targets.Add(OpenDevice(name, known));
            }
            catch (CliException error)
            {
                refused.Add(error);
            }
        }

        if (refused.Count == 0)
        {
            return targets;
        }

        targets.ForEach(target => target.Dispose());
        string all = string.Join("; ", refused.Select(error => error.Message));
        throw new CliException(refused[0].ExitCode, $"{all}; nothing was written");
    }

    /// <summary>Clears what a device is known and booted by.</summary>
    public void ClearHead()
    {
        DiskTarget disk = new(Device, null);
        disk.WriteZeros(0, Math.Min(HeadLength, disk.Length));
        disk.Flush();
    }

    /// <summary>Makes last what was written: gives a file its name, has the kernel look for the partitions of a
    /// disk.</summary>
    public void Commit()
    {
        if (_file is null)
        {
            FileCache.Flush(Device);
            BlockDevice.TryRereadPartitions(Device);
        }

        _file?.Commit();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SafeHandle handle in _file is null ? Descriptors : [])
        {
            handle.Dispose();
        }

        _file?.Dispose();
    }

    // Null for what is not there, be it a file to be made.
    private static FileIdentity? Identify(string name)
    {
        try
        {
            using SafeFileHandle handle = HostPath.OpenPath(name);
            return HostPath.Identify(handle);
        }
        catch (LinuxException)
        {
            return null;
        }
    }

    private static RestoreTarget OpenDevice(string name, Dictionary<DeviceNumber, string> known)
    {
        if (Identify(name) is { } identity)
        {
            if (!identity.IsBlockDevice)
            {
                throw new CliException(ExitCode.Usage, $"'{name}' is no block device");
            }

            if (!known.TryAdd(identity.DeviceNode, name))
            {
                throw new CliException(
                    ExitCode.Usage, $"'{name}' is the same disk as '{known[identity.DeviceNode]}'");
            }
        }

        SafeFileHandle device = OpenExclusive(name);
        try
        {
            // What is mounted, and what lies on it, is named; O_EXCL sees that it stays unused.
            BlockDeviceUse? use = BlockDeviceUse.Of(HostPath.Identify(device).DeviceNode).FirstOrDefault();
            return use is null ? new(name, null, [device, HostPath.ReopenReadWrite(device)]) : throw InUse(name, use);
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    private static SafeFileHandle OpenExclusive(string name)
    {
        try
        {
            return HostPath.OpenExclusive(name);
        }
        catch (LinuxException error) when (error.Errno == Errno.EBUSY)
        {
            using SafeFileHandle path = HostPath.OpenPath(name);
            throw InUse(name, BlockDeviceUse.Of(HostPath.Identify(path).DeviceNode).FirstOrDefault());
        }
        catch (LinuxException error)
        {
            throw HostErrors.Describe(error, "target", name);
        }
    }

    private static CliException InUse(string name, BlockDeviceUse? use) => new(
        ExitCode.Refused,
        use is null
            ? $"'{name}' is in use by another program: it cannot be overwritten"
            : $"'{use.Device}' is {use.What}: it cannot be overwritten");
}
