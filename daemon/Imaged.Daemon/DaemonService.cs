using System.Reflection;
using System.Runtime.InteropServices;
using Imaged.Daemon.Attachments;
using Imaged.Daemon.Config;
using Imaged.Daemon.Doctor;
using Imaged.Daemon.Events;
using Imaged.Daemon.Journal;
using Imaged.Daemon.Manager;
using Imaged.Daemon.Metrics;
using Imaged.Daemon.Recovery;
using Imaged.Daemon.Workers;
using Imaged.Ipc.Varlink;
using Imaged.Linux;
using Imaged.Linux.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Daemon;

/// <summary>The daemon's life: take over what is attached, listen, keep an eye on the mount table. Its end leaves
/// everything attached: workers go on serving.</summary>
internal sealed class DaemonService : IHostedService, IDisposable
{
    private const int WatchInterval = 60_000;

    // The collector by itself lets garbage grow to the size of the processor's cache, often more than 30 MB.
    private const long MaxGarbage = 4 << 20;

    private readonly DaemonOptions _options;
    private readonly ILogger _logger;
    private readonly IWorkerLauncher _launcher;
    private readonly Settings _settings;
    private readonly AccessPolicy _policy;
    private readonly EventHub _events = new();
    private readonly DaemonMetrics _metrics = new();
    private readonly AttachmentTable _table;
    private readonly News _news;
    private readonly Caretaker _caretaker;
    private readonly TakeOver _takeOver;
    private readonly AttachmentService _service;
    private readonly Diagnosis _diagnosis;
    private PosixSignalRegistration? _hangUp;
    private VarlinkServer? _server;
    private bool _ownsSocket;
    private volatile bool _stopping;

    private static string Version => typeof(DaemonService).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? string.Empty;

    /// <summary>Puts the parts together.</summary>
    public DaemonService(DaemonOptions options, ILoggerFactory loggers)
    {
        _options = options;
        _logger = loggers.CreateLogger("imaged");
        _settings = new Settings(options.ConfigFile);
        Directory.CreateDirectory(options.StateFolder);
        _policy = new AccessPolicy(_settings, new Polkit(Polkit.DefaultProgram));
        _launcher = options.WorkerUnit is null
            ? new ChildWorkerLauncher(options, _settings)
            : new UnitWorkerLauncher(options, _settings);
        RecordStore records = new(options.StateFolder);
        _table = new AttachmentTable(_settings);
        _news = new News(_logger, _events, _metrics);
        _caretaker = new Caretaker(_table, _launcher, records, _news);
        _takeOver = new TakeOver(_table, _caretaker, _launcher, records, _news);
        MountPoints points = new(options.MediaFolder, _policy);
        Attacher attacher = new(_launcher, _settings, _policy, points, records, new(options.StateFolder), _news);
        _diagnosis = new Diagnosis(options, _settings, _policy, _table);
        _service = new AttachmentService(_table, attacher, _caretaker, _policy, records, _news);
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        TellOfSettings(_settings.Current.Problems);
        Dictionary<string, HeldDescriptors> stored =
            DescriptorStore.Sort(SystemdNotify.TakePassed(), out List<SafeFileHandle> sockets);
        _takeOver.Run(stored);
        UnixSocket listener = AdoptListener(sockets) ?? Listen();
        ManagerCalls calls =
            new(_service, _policy, _settings, _diagnosis, _events, RenderMetrics, _news);
        _server = new VarlinkServer(
            listener,
            new VarlinkService("imaged", Version, calls.CreateInterface()),
            VarlinkLimits.Server,
            _news.Fault);
        _server.Start();
        _hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnHangUp);
        new Thread(WatchMounts) { IsBackground = true, Name = "mounts" }.Start();
        DaemonLog.Listening(_logger, _options.Socket);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        _stopping = true;
        _hangUp?.Dispose();
        _server?.Dispose();
        _server = null;
        if (_ownsSocket)
        {
            File.Delete(_options.Socket);
        }

        int attached = _table.All.Count;
        if (attached > 0)
        {
            DaemonLog.Stopped(_logger, attached);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _hangUp?.Dispose();
        _server?.Dispose();
        _launcher.Dispose();
    }

    private void TellOfSettings(IReadOnlyList<string> problems)
    {
        foreach (string problem in problems)
        {
            DaemonLog.ConfigProblem(_logger, _options.ConfigFile, Text.Escape(problem));
        }

        if (_policy.Group is null)
        {
            DaemonLog.NoGroup(_logger, _settings.Current.Group);
        }
    }

    // 'systemctl reload imaged'. The service manager is told even when nothing comes of it: it waits.
    private void OnHangUp(PosixSignalContext context)
    {
        context.Cancel = true;
        SystemdNotify.Reloading();
        IReadOnlyList<string> problems = _settings.Reload();
        TellOfSettings(problems);
        if (problems.Count == 0)
        {
            DaemonLog.Reloaded(_logger, _options.ConfigFile);
        }
        else
        {
            DaemonLog.NotReloaded(_logger, _options.ConfigFile, problems.Count);
        }

        SystemdNotify.Ready();
    }

    private string RenderMetrics() =>
        _metrics.Render(_table.All, _server?.ConnectionCount ?? 0, _events.Count, Version);

    // The socket that the service manager listens on for us (sd_listen_fds(3)); null when it passed none.
    private static UnixSocket? AdoptListener(List<SafeFileHandle> passed)
    {
        foreach (SafeFileHandle surplus in passed.Skip(1))
        {
            surplus.Dispose();
        }

        return passed.Count == 0 ? null : UnixSocket.AdoptListener(passed[0]);
    }

    private UnixSocket Listen()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_options.Socket)!);
        UnixFileMode mode =
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;
        UnixSocket listener = UnixSocket.Listen(_options.Socket, mode);
        _ownsSocket = true;
        if (_policy.Group is { } group)
        {
            HostPath.SetGroup(_options.Socket, group);
        }

        return listener;
    }

    // What is unmounted by others (umount, a container that ends) is cleared away when it happens.
    private void WatchMounts()
    {
        using SafeFileHandle table = HostPath.OpenRead("/proc/self/mountinfo");
        long collected = 0;
        while (!_stopping)
        {
            SystemdNotify.Alive();
            long allocated = GC.GetTotalAllocatedBytes();
            if (allocated - collected > MaxGarbage)
            {
                GC.Collect();
                collected = allocated;
            }

            if (Poller.WaitForMountChange(table, WatchInterval) && !_stopping)
            {
                try
                {
                    _caretaker.Reconcile();
                }
                catch (IOException error)
                {
                    _news.Fault("comparing with the mount table", error);
                }
            }
        }
    }
}
