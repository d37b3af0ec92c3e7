using System.Globalization;
using System.Runtime.InteropServices;
using Imaged.Daemon.Config;
using Imaged.Ipc.Varlink;
using Imaged.Linux;
using Imaged.Linux.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Daemon.Workers;

/// <summary>Whose rights a worker gets.</summary>
/// <param name="Uid">User.</param>
/// <param name="Gid">Group.</param>
/// <param name="Groups">Supplementary groups.</param>
internal sealed record WorkerIdentity(uint Uid, uint Gid, IReadOnlyList<uint> Groups);

/// <summary>Starts workers.</summary>
internal interface IWorkerLauncher
{
    /// <summary>Called with attachment id and process when a worker has ended.</summary>
    event Action<string, ChildProcess>? Ended;

    /// <summary>Starts a worker.</summary>
    /// <param name="id">Id of the attachment that it is for.</param>
    /// <param name="identity">Whose rights it gets.</param>
    /// <param name="directory">The image's directory; null when siblings cannot be opened.</param>
    WorkerProcess Start(string id, WorkerIdentity identity, SafeFileHandle? directory);

    /// <summary>Connects to a worker that a daemon before this one started; null when it is gone. One that lives but
    /// cannot be reached is killed.</summary>
    WorkerProcess? Adopt(string id, int pid, ulong started);

    /// <summary>Removes what is left of a worker that has ended.</summary>
    void Forget(string id);
}

/// <summary>Starts workers as children of the daemon, each in a session of its own; they outlive it.</summary>
internal sealed class ChildWorkerLauncher : IWorkerLauncher, IDisposable
{
    private const int Control = 3;
    private const int Directory = 4;
    private const int Listener = 6;
    private const int Cache = 7;

    private readonly DaemonOptions _options;
    private readonly DaemonConfig _config;
    private readonly string _folder;
    private readonly WorkerWatcher _watcher = new();

    /// <summary>A launcher of the worker program in <paramref name="options"/>.</summary>
    public ChildWorkerLauncher(DaemonOptions options, DaemonConfig config)
    {
        _options = options;
        _config = config;
        _folder = Path.Combine(options.StateFolder, "workers");
        System.IO.Directory.CreateDirectory(
            _folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <inheritdoc/>
    public event Action<string, ChildProcess>? Ended;

    /// <inheritdoc/>
    public WorkerProcess Start(string id, WorkerIdentity identity, SafeFileHandle? directory)
    {
        List<string> arguments = ["--listener"];
        if (directory is not null)
        {
            arguments.Add("--dir");
        }

        if (identity.Uid != 0)
        {
            arguments.AddRange(
            [
                "--uid", identity.Uid.ToString(CultureInfo.InvariantCulture),
                "--gid", identity.Gid.ToString(CultureInfo.InvariantCulture),
                "--groups", string.Join(',', identity.Groups),
            ]);
        }

        using SafeFileHandle? cache = CacheDirectory.TryOpenFor(_options.CacheFolder, identity.Uid, identity.Gid);
        if (cache is not null)
        {
            arguments.Add("--cache");
        }

        Forget(id);
        using UnixSocket listener =
            UnixSocket.Listen(SocketOf(id), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        (UnixSocket ours, UnixSocket theirs) = UnixSocket.CreatePair();
        using (theirs)
        {
            List<(int, SafeHandle)> descriptors = [(Control, theirs.Handle), (Listener, listener.Handle)];
            if (directory is not null)
            {
                descriptors.Add((Directory, directory));
            }

            if (cache is not null)
            {
                descriptors.Add((Cache, cache));
            }

            try
            {
                ChildProcess process = ChildProcess.Start(_options.Worker, arguments, descriptors, Environment());
                _watcher.Watch(process, () => Ended?.Invoke(id, process));
                return new(process, new VarlinkConnection(ours));
            }
            catch
            {
                ours.Dispose();
                Forget(id);
                throw;
            }
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
    public void Dispose() => _watcher.Dispose();

    private string[] Environment()
    {
        long heap = (long)_config.WorkerMemory << 20;
        return
        [
            string.Create(CultureInfo.InvariantCulture, $"DOTNET_GCHeapHardLimit={heap:X}"),
            "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
            "LC_ALL=C.UTF-8",
        ];
    }

    private string SocketOf(string id) => Path.Combine(_folder, id);
}
