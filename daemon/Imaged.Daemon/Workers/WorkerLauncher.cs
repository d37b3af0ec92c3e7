using System.Globalization;
using System.Runtime.InteropServices;
using Imaged.Daemon.Config;
using Imaged.Ipc.Varlink;
using Imaged.Linux;
using Imaged.Linux.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Daemon.Workers;

/// <summary>What all launchers do alike: what a worker is told and given, and how it is found again.</summary>
internal abstract class WorkerLauncher : IWorkerLauncher
{
    /// <summary>Number of the worker's end of the connection to the daemon.</summary>
    protected const int Control = 3;

    private const int Directory = 4;
    private const int Listener = 6;
    private const int Cache = 7;

    private readonly Settings _settings;
    private readonly string _cacheFolder;
    private readonly WorkerWatcher _watcher = new();

    /// <summary>A launcher.</summary>
    /// <param name="options">Where things are.</param>
    /// <param name="settings">Limits of workers.</param>
    protected WorkerLauncher(DaemonOptions options, Settings settings)
    {
        _settings = settings;
        _cacheFolder = options.CacheFolder;
        Folder = Path.Combine(options.StateFolder, "workers");
        System.IO.Directory.CreateDirectory(
            Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <inheritdoc/>
    public event Action<string, ChildProcess>? Ended;

    /// <summary>Where the sockets of workers are; for root only.</summary>
    protected string Folder { get; }

    /// <inheritdoc/>
    public WorkerProcess Start(string id, WorkerIdentity identity, SafeFileHandle? directory, bool isUrgent)
    {
        List<string> arguments = ["--listener", "--heap", HeapLimit()];
        if (identity.Uid != 0)
        {
            arguments.AddRange(
            [
                "--uid", identity.Uid.ToString(CultureInfo.InvariantCulture),
                "--gid", identity.Gid.ToString(CultureInfo.InvariantCulture),
                "--groups", string.Join(',', identity.Groups),
            ]);
        }

        Forget(id);
        using SafeFileHandle? cache = CacheDirectory.TryOpenFor(_cacheFolder, identity.Uid, identity.Gid);
        using UnixSocket listener =
            UnixSocket.Listen(SocketOf(id), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        List<(int, SafeHandle)> descriptors = [(Listener, listener.Handle)];
        if (directory is not null)
        {
            arguments.Add("--dir");
            descriptors.Add((Directory, directory));
        }

        if (cache is not null)
        {
            arguments.Add("--cache");
            descriptors.Add((Cache, cache));
        }

        try
        {
            (ChildProcess process, UnixSocket control) = Launch(id, isUrgent, arguments, descriptors);
            _watcher.Watch(process, () => Ended?.Invoke(id, process));
            return new(process, new VarlinkConnection(control));
        }
        catch
        {
            Forget(id);
            throw;
        }
    }

    /// <inheritdoc/>
    public WorkerProcess? Adopt(string id, int pid, ulong started)
    {
        ChildProcess? process = ChildProcess.Adopt(pid, started);
        if (process is null)
        {
            return null;
        }

        try
        {
            WorkerProcess worker = new(process, VarlinkConnection.Connect(SocketOf(id)));
            _watcher.Watch(process, () => Ended?.Invoke(id, process));
            return worker;
        }
        catch (LinuxException)
        {
            // It lives, but out of our reach. It must be gone before another one gets its journal.
            process.Kill();
            process.WaitForExit(-1);
            process.Dispose();
            return null;
        }
    }

    /// <inheritdoc/>
    public void Forget(string id) => File.Delete(SocketOf(id));

    /// <inheritdoc/>
    public virtual void KeepSpare(bool isWanted)
    {
        // A child is started as fast as a spare one would be found.
    }

    /// <inheritdoc/>
    public virtual void Dispose() => _watcher.Dispose();

    /// <summary>Starts the process.</summary>
    /// <param name="id">Id of the attachment that it is for.</param>
    /// <param name="isUrgent">Whether readers wait for it already.</param>
    /// <param name="arguments">What it is told.</param>
    /// <param name="descriptors">What it is given, with the numbers that it knows them by; they stay the
    /// caller's.</param>
    /// <returns>The process, and our end of the connection to it.</returns>
    protected abstract (ChildProcess Process, UnixSocket Control) Launch(
        string id,
        bool isUrgent,
        IReadOnlyList<string> arguments,
        IReadOnlyList<(int Target, SafeHandle Handle)> descriptors);

    // Hexadecimal bytes, as the runtime wants them.
    private string HeapLimit() =>
        ((long)_settings.Current.WorkerMemory << 20).ToString("X", CultureInfo.InvariantCulture);

    private string SocketOf(string id) => Path.Combine(Folder, id);
}
