using System.Runtime.InteropServices;
using Imaged.Daemon.Config;
using Imaged.Linux;
using Imaged.Linux.Sockets;

namespace Imaged.Daemon.Workers;

/// <summary>Starts workers as children of the daemon, each in a session of its own; they outlive it.</summary>
internal sealed class ChildWorkerLauncher : WorkerLauncher
{
    private readonly string _program;

    /// <summary>A launcher of the worker program in <paramref name="options"/>.</summary>
    public ChildWorkerLauncher(DaemonOptions options, Settings settings)
        : base(options, settings)
    {
        _program = options.Worker;
    }

    /// <inheritdoc/>
    protected override (ChildProcess Process, UnixSocket Control) Launch(
        string id,
        bool isUrgent,
        IReadOnlyList<string> arguments,
        IReadOnlyList<(int Target, SafeHandle Handle)> descriptors)
    {
        (UnixSocket ours, UnixSocket theirs) = UnixSocket.CreatePair();
        using (theirs)
        {
            try
            {
                ChildProcess process = ChildProcess.Start(
                    _program,
                    arguments,
                    [(Control, theirs.Handle), .. descriptors],
                    ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8"]);
                return (process, ours);
            }
            catch
            {
                ours.Dispose();
                throw;
            }
        }
    }
}
