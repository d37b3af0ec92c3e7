using Imaged.Linux.Fuse;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Fuse.Session;

/// <summary>Serves one connection of <c>/dev/fuse</c> with threads of its own until it is unmounted, aborted, or the
/// session is stopped.</summary>
/// <remarks>Where a process could hang on its own mount: by opening, reading, listing or unmounting it from a serving
/// thread; by mapping a file of it into memory from managed code (a page fault holds off the garbage collector, and
/// that the serving threads); by a descriptor of <c>/dev/fuse</c> that a child inherited. None of these is done here,
/// and a program that hosts a session keeps its working directory, logs and dumps off the mount.</remarks>
public sealed class FuseSession : IDisposable
{
    // Before the mount exists the device answers EPERM: 2000 times 5 ms is how long a mount is waited for.
    internal const int MountWaits = 2000;
    internal const int MountWaitMilliseconds = 5;

    // Decoders of formats recurse to limited depths; this is far more than they use.
    private const int StackLength = 2 << 20;

    private readonly SafeFileHandle[] _devices;
    private readonly FuseSessionOptions _options;
    private readonly RequestJournal _journal;
    private readonly ServingThread[] _servers;
    private readonly Thread[] _threads;
    private readonly ManualResetEventSlim _replayed = new();
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<FuseSessionEnd> _completion =
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly object _lock = new();
    private int _running;
    private bool _started;
    private bool _disposed;
    private FuseSessionEnd? _end;
    private volatile bool _stopping;

    /// <summary>A session whose threads share one descriptor. All arguments stay the caller's, and must outlive the
    /// session.</summary>
    /// <param name="device">From <see cref="FuseDevice.Open"/>, mounted already or within ten seconds.</param>
    /// <param name="handler">The files.</param>
    /// <param name="journal">With at least as many slots as there are threads.</param>
    /// <param name="options">How.</param>
    public FuseSession(
        SafeFileHandle device, IFuseHandler handler, RequestJournal journal, FuseSessionOptions options)
        : this([device], handler, journal, options)
    {
    }

    /// <summary>A session with a descriptor for each thread.</summary>
    /// <param name="devices">One for all threads, or one for each: the mounted one and its clones
    /// (<see cref="FuseDevice.Clone"/>), for a successor in the same order.</param>
    /// <param name="handler">The files.</param>
    /// <param name="journal">With at least as many slots as there are threads.</param>
    /// <param name="options">How.</param>
    public FuseSession(
        IReadOnlyList<SafeFileHandle> devices, IFuseHandler handler, RequestJournal journal, FuseSessionOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Threads, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Threads, journal.Slots, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxPages, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.MaxPages, 4096, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxAttempts, 1, nameof(options));
        if (devices.Count != 1 && devices.Count != options.Threads)
        {
            throw new ArgumentException("one device, or one for each thread", nameof(devices));
        }

        _devices = [.. devices];
        _options = options;
        _journal = journal;
        if (!options.Recover)
        {
            journal.Clear();
        }

        // What was negotiated before holds on: the kernel sends READs as large as that.
        int payload = Math.Max(Math.Max(options.MaxPages * 4096, Environment.SystemPageSize), journal.MaxPayload);
        Dispatcher dispatcher = new(handler, payload);
        _threads = new Thread[options.Threads];
        _servers = new ServingThread[options.Threads];
        for (int i = 0; i < options.Threads; i++)
        {
            _servers[i] = new(this, dispatcher, journal, i, DeviceOf(i));
        }
    }

    /// <summary>Ends when no thread serves any more, and says why.</summary>
    public Task<FuseSessionEnd> Completion => _completion.Task;

    /// <summary>Ends when the connection is negotiated, so that a mount can be shown to others; never when the session
    /// ends before. A recovered connection is so at once.</summary>
    public Task Ready => _ready.Task;

    /// <summary>For people: what made the session fail; null otherwise.</summary>
    public string? Failure { get; private set; }

    /// <summary>What has been done so far, by all threads.</summary>
    public FuseSessionCounters Counters
    {
        get
        {
            FuseSessionCounters sum = default;
            foreach (ServingThread server in _servers)
            {
                sum = sum.Add(server.Counters);
            }

            return sum;
        }
    }

    internal bool Stopping => _stopping;

    /// <summary>Counts in the journal what the cache has done since it was counted last.</summary>
    internal void CountCache()
    {
        if (_options.Cache is { } cache && cache.TakeCounts(out long hits, out long misses))
        {
            _journal.AddCache(hits, misses);
        }
    }

    /// <summary>Starts the threads; with <see cref="FuseSessionOptions.Recover"/> the first of them answers what the
    /// dead process left before any of them reads.</summary>
    public void Start()
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_started)
            {
                throw new InvalidOperationException("the session has been started already");
            }

            _started = true;
            ThreadInterrupt.Prepare();
            bool release = false;
            foreach (SafeFileHandle device in _devices)
            {
                // Kept open until the last thread has ended.
                device.DangerousAddRef(ref release);
            }

            if (_options.Recover && _journal.Negotiated)
            {
                SetReady();
            }

            _running = _servers.Length;
            for (int i = 0; i < _servers.Length; i++)
            {
                int index = i;
                _threads[i] = new Thread(() => Run(index), StackLength)
                {
                    IsBackground = true,
                    Name = $"fuse-{index}",
                };
                _threads[i].Start();
            }
        }
    }

    /// <summary>Ends the threads once each has answered the request that it serves; the connection goes on, and its
    /// requests wait for a successor. Not to be called from a handler.</summary>
    public void Stop()
    {
        lock (_lock)
        {
            _stopping = true;
            if (!_started)
            {
                _completion.TrySetResult(FuseSessionEnd.Stopped);
                return;
            }
        }

        for (int i = 0; i < _threads.Length; i++)
        {
            while (!_threads[i].Join(_servers[i].ThreadId == 0 ? 1 : 0))
            {
                // Again and again, as it may have been between the look at the flag and the read.
                if (_servers[i].ThreadId != 0)
                {
                    ThreadInterrupt.Interrupt(_servers[i].ThreadId);
                }

                if (_threads[i].Join(2))
                {
                    break;
                }
            }
        }
    }

    /// <summary>Stops the session and frees its memory.</summary>
    public void Dispose()
    {
        Stop();
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        foreach (ServingThread server in _servers)
        {
            server.Free();
        }

        _replayed.Dispose();
    }

    internal void SetReady() => _ready.TrySetResult();

    internal FuseSessionEnd Fail(string reason)
    {
        Failure ??= reason;
        return FuseSessionEnd.Failed;
    }

    internal void Report(in FuseFailure failure)
    {
        try
        {
            _options.Report?.Invoke(failure);
        }
        catch (Exception)
        {
            // A listener's trouble must not leave a request without its answer.
        }
    }

    private int DeviceOf(int slot)
    {
        SafeFileHandle device = _devices[slot < _devices.Length ? slot : 0];
        ObjectDisposedException.ThrowIf(device.IsClosed || device.IsInvalid, device);
        return (int)device.DangerousGetHandle();
    }

    private void Run(int index)
    {
        ServingThread server = _servers[index];
        FuseSessionEnd end;
        try
        {
            server.Begin();
            if (index == 0)
            {
                try
                {
                    server.Replay(DeviceOf, _options.MaxAttempts);
                }
                finally
                {
                    _replayed.Set();
                }
            }
            else
            {
                _replayed.Wait();
            }

            end = server.Serve();
        }
        catch (Exception error)
        {
            end = Fail(error.Message);
        }

        lock (_lock)
        {
            // A thread that fails leaves requests to the others; those that see the connection's end all see it.
            _end = Failure is not null ? FuseSessionEnd.Failed : _end ?? end;
            if (--_running > 0)
            {
                return;
            }

            foreach (SafeFileHandle device in _devices)
            {
                device.DangerousRelease();
            }
        }

        _completion.TrySetResult(_end.Value);
    }
}
