using System.Runtime.InteropServices;
using Imaged.Linux;
using Imaged.Linux.Sockets;

namespace Imaged.Daemon.Workers;

/// <summary>Tells when worker processes end: one thread for all of them.</summary>
internal sealed class WorkerWatcher : IDisposable
{
    private readonly object _lock = new();
    private readonly List<(ChildProcess Process, Action Ended)> _watched = [];
    private readonly UnixSocket _wakeSender;
    private readonly UnixSocket _wakeReceiver;
    private readonly Thread _thread;
    private volatile bool _stopping;

    /// <summary>Starts watching.</summary>
    public WorkerWatcher()
    {
        (_wakeSender, _wakeReceiver) = UnixSocket.CreatePair();
        _thread = new Thread(Run) { IsBackground = true, Name = "workers" };
        _thread.Start();
    }

    /// <summary>Takes ownership of a process, and calls <paramref name="ended"/> once, on a thread of the pool, when it
    /// has ended.</summary>
    public void Watch(ChildProcess process, Action ended)
    {
        lock (_lock)
        {
            _watched.Add((process, ended));
        }

        Wake();
    }

    /// <summary>Stops watching.</summary>
    public void Dispose()
    {
        _stopping = true;
        Wake();
        _thread.Join();
        _wakeSender.Dispose();
        _wakeReceiver.Dispose();
    }

    private void Wake() => _wakeSender.Send([1], [], TimeSpan.FromSeconds(1));

    private void Run()
    {
        byte[] drain = new byte[64];
        while (!_stopping)
        {
            (ChildProcess Process, Action Ended)[] watched;
            lock (_lock)
            {
                watched = [.. _watched];
            }

            SafeHandle[] handles = [_wakeReceiver.Handle, .. watched.Select(w => w.Process.Descriptor)];
            foreach (int index in Poller.Wait(handles, -1))
            {
                if (index == 0)
                {
                    _wakeReceiver.Receive(drain, [], TimeSpan.Zero);
                    continue;
                }

                (ChildProcess process, Action ended) = watched[index - 1];
                _ = process.HasExited; // reaps it
                lock (_lock)
                {
                    _watched.RemoveAll(w => w.Process == process);
                }

                process.Dispose();

                ThreadPool.QueueUserWorkItem(_ => ended());
            }
        }
    }
}
