using System.Runtime.InteropServices;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Hosting;

/// <summary>Where an image is written to: a block device that nobody else uses, or a new file.</summary>
internal sealed class RestoreTarget : IDisposable
{
    private readonly OutputFile? _file;

    private RestoreTarget(OutputFile? file, IReadOnlyList<SafeHandle> descriptors)
    {
        _file = file;
        Descriptors = descriptors;
    }

    /// <summary>The target, opened for reading and writing; of a device a second description of it.</summary>
    public IReadOnlyList<SafeHandle> Descriptors { get; }

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

        if (!IsDevice(name))
        {
            OutputFile file = OutputFile.Create(name, replace, isPrivate: true);
            return new(file, [file.Handle]);
        }

        SafeFileHandle device = OpenDevice(name);
        try
        {
            // What is mounted, and what lies on it, is named; O_EXCL sees that it stays unused.
            IReadOnlyList<BlockDeviceUse> uses = BlockDeviceUse.Of(HostPath.Identify(device).DeviceNode);
            return uses.Count == 0
                ? new(null, [device, HostPath.ReopenReadWrite(device)])
                : throw new CliException(
                    ExitCode.Refused,
                    $"'{uses[0].Device}' is {uses[0].What}: it cannot be overwritten; nothing was written");
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    /// <summary>Gives a file its name.</summary>
    public void Commit() => _file?.Commit();

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (SafeHandle handle in _file is null ? Descriptors : [])
        {
            handle.Dispose();
        }

        _file?.Dispose();
    }

    private static bool IsDevice(string name)
    {
        try
        {
            using SafeFileHandle handle = HostPath.OpenPath(name);
            return HostPath.Identify(handle).IsBlockDevice;
        }
        catch (LinuxException)
        {
            return false; // a file to be made
        }
    }

    private static SafeFileHandle OpenDevice(string name)
    {
        try
        {
            return HostPath.OpenExclusive(name);
        }
        catch (LinuxException error) when (error.Errno == Errno.EBUSY)
        {
            using SafeFileHandle path = HostPath.OpenPath(name);
            BlockDeviceUse? use = BlockDeviceUse.Of(HostPath.Identify(path).DeviceNode).FirstOrDefault();
            throw new CliException(
                ExitCode.Refused,
                use is null
                    ? $"'{name}' is in use by another program: it cannot be overwritten; nothing was written"
                    : $"'{use.Device}' is {use.What}: it cannot be overwritten; nothing was written");
        }
        catch (LinuxException error)
        {
            throw HostErrors.Describe(error, "target", name);
        }
    }
}
