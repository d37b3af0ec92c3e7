using System.Globalization;
using Imaged.Cli.Arguments;
using Imaged.Cli.Output;
using Imaged.Ipc;
using Imaged.Ipc.Contract;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Automount;

/// <summary>Mounts the image files of a folder, and unmounts those that are removed or changed. It keeps nothing that
/// matters: the trigger of a mount says which file it is of, so that another process can go on.</summary>
internal sealed class FolderAutomount
{
    private const string Prefix = "folder:";

    // What stands for bytes that are no UTF-8 in a name: it cannot be opened by it.
    private const char WrongBytes = '\uFFFD';

    // A file is mounted when nobody has had it open for writing, and it has not changed, for this long.
    private const long SettleTime = 2_000;

    // How often a file that is not settled is looked at again: that nothing happens to it is no event.
    private const int LookAgain = 500;

    private readonly ParsedArguments _arguments;

    // When files were first seen as they are, in milliseconds of Environment.TickCount64; by path and trigger.
    private readonly Dictionary<(string Path, string Trigger), long> _seen = [];

    // Those that were mounted or cannot be, as they are: they are not tried again.
    private readonly HashSet<(string Path, string Trigger)> _tried = [];

    // What is odd and was told.
    private HashSet<string> _told = [];

    /// <summary>With what is needed to reach the daemon.</summary>
    public FolderAutomount(ParsedArguments arguments)
    {
        _arguments = arguments;
    }

    /// <summary>Watches the folder until this process is ended; ends by itself when none is to be watched.</summary>
    /// <exception cref="CliException">The folder is not there, or no longer.</exception>
    public void Watch()
    {
        AutomountReply reply;
        using (Automounter daemon = new(_arguments))
        {
            reply = daemon.Decide(null);
            if (!reply.Allowed)
            {
                Printer.Message(reply.Reason);
                UnmountOthers(daemon, new HashSet<(string Path, string Trigger)>());
                return;
            }
        }

        using DirectoryWatch watch = Open(reply.Folder!);
        Printer.Message($"watching '{reply.Folder}'");
        while (watch.Wait(Pass(reply) ? Timeout.Infinite : LookAgain))
        {
            // Everything is in the condition.
        }

        throw new CliException(ExitCode.NotFound, $"the folder '{reply.Folder}' was removed or moved away");
    }

    private static DirectoryWatch Open(string folder)
    {
        try
        {
            return new DirectoryWatch(folder);
        }
        catch (LinuxException error) when (error.Errno == Errno.ENOENT)
        {
            throw new CliException(
                ExitCode.NotFound, $"there is no folder '{folder}' to watch; make it with: mkdir -p '{folder}'");
        }
    }

    // What is mounted and is not among the files, as they are now.
    private static HashSet<(string Path, string Trigger)> UnmountOthers(
        Automounter daemon, IReadOnlySet<(string Path, string Trigger)> files)
    {
        HashSet<(string Path, string Trigger)> mounted = [];
        foreach (Attachment attachment in daemon.List(trigger => trigger.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            if (files.Contains((attachment.Image, attachment.Trigger!)))
            {
                mounted.Add((attachment.Image, attachment.Trigger!));
            }
            else
            {
                daemon.Unmount(attachment);
            }
        }

        return mounted;
    }

    private static string TriggerOf(FileIdentity file) => string.Create(
        CultureInfo.InvariantCulture, $"{Prefix}{file.Device}:{file.Inode}:{file.Size}:{file.Modified}");

    // Makes mounts and files agree. False when a file is not settled yet.
    private bool Pass(AutomountReply reply)
    {
        using ImageFolder folder = new(HostPath.OpenDirectory(reply.Folder!), reply.Folder!);
        Dictionary<(string Path, string Trigger), SafeFileHandle> files = Find(folder, reply.Names);
        try
        {
            using Automounter daemon = new(_arguments);
            HashSet<(string Path, string Trigger)> mounted = UnmountOthers(daemon, files.Keys.ToHashSet());
            _tried.RemoveWhere(file => !files.ContainsKey(file));
            foreach (var gone in _seen.Keys.Where(file => !files.ContainsKey(file)).ToList())
            {
                _seen.Remove(gone);
            }

            _tried.UnionWith(mounted);
            bool settled = true;
            foreach ((var file, SafeFileHandle handle) in files.Where(entry => !_tried.Contains(entry.Key)))
            {
                if (!IsSettled(file, handle))
                {
                    settled = false;
                    continue;
                }

                _tried.Add(file);
                Mount(daemon, new(handle, folder.Handle, file.Path, file.Trigger), reply.Kernel);
            }

            return settled;
        }
        finally
        {
            foreach (SafeFileHandle handle in files.Values)
            {
                handle.Dispose();
            }
        }
    }

    private Dictionary<(string Path, string Trigger), SafeFileHandle> Find(
        ImageFolder folder, IReadOnlyList<string> patterns)
    {
        Dictionary<(string Path, string Trigger), SafeFileHandle> files = [];
        HashSet<string> odd = new(StringComparer.Ordinal);
        foreach (string name in folder.List(patterns, out int left))
        {
            try
            {
                SafeFileHandle handle = folder.Open(name);
                files.Add((folder.PathOf(name), TriggerOf(HostPath.Identify(handle))), handle);
            }
            catch (LinuxException error) when (error.Errno == Errno.ENOENT && !name.Contains(WrongBytes))
            {
                // It was there a moment ago.
            }
            catch (Exception error) when (error is ImagedException or LinuxException)
            {
                Tell(odd, $"'{folder.PathOf(name)}' is not mounted: {error.Message}");
            }

            if (left > 0)
            {
                Tell(odd, folder.DescribeLeft(left));
            }
        }

        _told = odd;
        return files;
    }

    private void Tell(HashSet<string> odd, string sentence)
    {
        if (odd.Add(sentence) && !_told.Contains(sentence))
        {
            Printer.Message(sentence);
        }
    }

    private bool IsSettled((string Path, string Trigger) file, SafeFileHandle handle)
    {
        long now = Environment.TickCount64;
        if (_seen.TryAdd(file, now) || FileLease.HasWriter(handle))
        {
            _seen[file] = now;
            return false;
        }

        if (now - _seen[file] < SettleTime)
        {
            return false;
        }

        _seen.Remove(file);
        return true;
    }

    private static void Mount(Automounter daemon, AutomountImage image, bool kernel)
    {
        try
        {
            daemon.Mount(image, kernel);
        }
        catch (ImagedException error)
        {
            Printer.Message($"'{image.Path}' is not mounted: {error.Message}");
        }
    }
}
