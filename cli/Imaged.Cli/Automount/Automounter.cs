using System.Globalization;
using Imaged.Cli.Arguments;
using Imaged.Cli.Hosting;
using Imaged.Cli.Output;
using Imaged.Ipc;
using Imaged.Ipc.Contract;
using Imaged.Ipc.Varlink;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Automount;

/// <summary>What the daemon is asked for by what mounts by itself. Everything is told on standard error, which is the
/// journal.</summary>
internal sealed class Automounter : IDisposable
{
    private readonly VarlinkConnection _daemon;

    /// <summary>Connects.</summary>
    public Automounter(ParsedArguments arguments)
    {
        _daemon = Daemon.Connect(arguments);
    }

    /// <summary>What the administrator allows.</summary>
    /// <param name="device">A device; null for the watched folder.</param>
    public AutomountReply Decide(AutomountDevice? device) =>
        _daemon.Call(ManagerInterface.Automount, new() { Device = device }).Value;

    /// <summary>What was mounted by itself, and is to be seen.</summary>
    /// <param name="trigger">Whether a trigger is meant.</param>
    public IReadOnlyList<Attachment> List(Predicate<string> trigger) =>
    [
        .. _daemon.Call(ManagerInterface.List, new()).Value.Attachments
            .Where(a => a is { Trigger: { } text, MountPoint: not null } && trigger(text)),
    ];

    /// <summary>Mounts an image, of one with several partitions each that can be mounted.</summary>
    /// <param name="image">The image.</param>
    /// <param name="kernel">Whether the kernel's drivers may read what imaged does not.</param>
    /// <exception cref="ImagedException">Nothing of it can be mounted.</exception>
    public IReadOnlyList<Attachment> Mount(AutomountImage image, bool kernel)
    {
        try
        {
            return [MountVolume(image, null, kernel)];
        }
        catch (ImagedException error) when (PartitionsOf(error) is { } partitions)
        {
            List<Attachment> mounted = [];
            foreach (int partition in partitions)
            {
                try
                {
                    mounted.Add(MountVolume(image, partition, kernel));
                }
                catch (ImagedException reason)
                {
                    Printer.Message($"partition {partition} of '{image.Path}' is not mounted: {reason.Message}");
                }
            }

            return mounted;
        }
    }

    /// <summary>Takes a mount out of sight, at once also when it is in use.</summary>
    public void Unmount(Attachment attachment)
    {
        try
        {
            _daemon.Call(ManagerInterface.Unmount, new() { What = attachment.Id, Lazy = true });
            Printer.Message($"'{attachment.Image}' is no longer mounted on '{attachment.MountPoint}'");
        }
        catch (ImagedException error) when (error.Kind == ErrorKind.NothingToDo)
        {
            // Somebody else was faster.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _daemon.Dispose();

    // The partitions that an image may be mounted by; null when an error is about something else.
    private static List<int>? PartitionsOf(ImagedException error)
    {
        List<int> numbers = [];
        foreach (string choice in error.Choices ?? [])
        {
            if (!int.TryParse(choice, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            {
                return null;
            }

            numbers.Add(number);
        }

        return error.Kind == ErrorKind.Ambiguous && numbers.Count > 0 ? numbers : null;
    }

    private Attachment MountVolume(AutomountImage image, int? partition, bool kernel)
    {
        Attachment attachment;
        try
        {
            attachment = Call(image, partition, MountView.Tree);
        }
        catch (ImagedException error) when (kernel && error.Kind == ErrorKind.Unsupported)
        {
            attachment = Call(image, partition, MountView.Kernel);
        }

        Printer.Message($"'{image.Path}' is mounted on '{attachment.MountPoint}'");
        return attachment;
    }

    private Attachment Call(AutomountImage image, int? partition, MountView view)
    {
        List<SafeFileHandle> descriptors = image.Folder is null ? [image.Handle] : [image.Handle, image.Folder];
        MountParameters parameters = new()
        {
            Image = 0,
            Directory = image.Folder is null ? null : 1,
            Path = image.Path,
            Options = new() { Partition = partition },
            View = view,
            Trigger = image.Trigger,
        };
        return _daemon.Call(ManagerInterface.Mount, parameters, descriptors).Value.Attachment;
    }
}
