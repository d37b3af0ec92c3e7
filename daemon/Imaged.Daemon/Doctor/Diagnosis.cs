using System.Globalization;
using Imaged.Daemon.Attachments;
using Imaged.Daemon.Config;
using Imaged.Ipc.Contract;
using Imaged.Linux;
using Imaged.Linux.Fuse;
using Imaged.Linux.Sockets;

namespace Imaged.Daemon.Doctor;

/// <summary>What the daemon knows about its own health, and about that of the host.</summary>
internal sealed class Diagnosis
{
    // From here on a worker makes no spool; and what is little more than that.
    private const long SpoolReserve = 512L << 20;
    private const long LittleSpace = 2L << 30;

    private readonly DaemonOptions _options;
    private readonly Settings _settings;
    private readonly AccessPolicy _policy;
    private readonly LeftOvers _leftOvers;

    /// <summary>A diagnosis of the daemon that has these parts.</summary>
    public Diagnosis(DaemonOptions options, Settings settings, AccessPolicy policy, AttachmentTable table)
    {
        _options = options;
        _settings = settings;
        _policy = policy;
        _leftOvers = new LeftOvers(options, table);
    }

    /// <summary>Looks at everything.</summary>
    /// <param name="caller">What is left over is told to root; others see their own attachments only.</param>
    public IReadOnlyList<Finding> Run(PeerCredentials caller) =>
    [
        CheckFuse(),
        CheckDrivers(),
        .. CheckConfiguration(),
        CheckGroup(),
        CheckWorker(),
        CheckCache(),
        .. _leftOvers.Find(caller),
    ];

    private static Finding CheckFuse()
    {
        try
        {
            return new() { Check = "fuse-version", Message = $"the kernel speaks FUSE {FuseVersion.Ask()}" };
        }
        catch (LinuxException error)
        {
            return new()
            {
                Check = "fuse-version",
                State = FindingState.Problem,
                Message = $"the kernel does not mount FUSE: {error.Message}",
                Remedy = "load its module with: modprobe fuse",
            };
        }
    }

    private static Finding CheckDrivers()
    {
        IReadOnlyList<string> usable = KernelDrivers.ListUsable();
        string missing = string.Join(' ', KernelDrivers.All.Except(usable));
        return new()
        {
            Check = "drivers",
            Message = $"drivers of the kernel: {string.Join(' ', usable)}"
                + (missing.Length == 0 ? string.Empty : $"; without one: {missing}"),
        };
    }

    // The file as it is now, which may be another one than that which was read.
    private IEnumerable<Finding> CheckConfiguration()
    {
        const string reload = "systemctl reload imaged";
        string file = _options.ConfigFile;
        bool isOutdated = _settings.IsOutdated;
        DaemonConfig now = isOutdated ? DaemonConfig.Load(file) : _settings.Current;
        string used = isOutdated ? "the settings from before it was changed are used" : "the rest of the file is used";
        foreach (string problem in now.Problems)
        {
            yield return new()
            {
                Check = "configuration",
                State = FindingState.Problem,
                Message = $"'{file}', {problem}; {used}",
                Remedy = $"correct it, then: {reload}",
            };
        }

        if (now.Problems.Count == 0 && isOutdated)
        {
            yield return new()
            {
                Check = "configuration",
                State = FindingState.Warning,
                Message = $"'{file}' was changed since it was read",
                Remedy = $"have it read: {reload}",
            };
        }
        else if (now.Problems.Count == 0)
        {
            yield return new()
            {
                Check = "configuration",
                Message = File.Exists(file)
                    ? $"'{file}' was understood"
                    : $"there is no '{file}': everything is as by default",
            };
        }
    }

    private Finding CheckGroup() => _policy.Group is { } number
        ? new()
        {
            Check = "group",
            Message = string.Create(
                CultureInfo.InvariantCulture,
                $"members of the group '{_settings.Current.Group}' ({number}) may use imaged"),
        }
        : new()
        {
            Check = "group",
            State = FindingState.Problem,
            Message = $"there is no group '{_settings.Current.Group}': only root may use imaged",
            Remedy = "make it with: systemd-sysusers, then: systemctl restart imaged",
        };

    private Finding CheckWorker() => File.Exists(_options.Worker)
        ? new() { Check = "daemon-worker", Message = $"the daemon starts '{_options.Worker}'" }
        : new()
        {
            Check = "daemon-worker",
            State = FindingState.Problem,
            Message = $"there is no '{_options.Worker}', which reads images for the daemon",
            Remedy = "install the package again",
        };

    private Finding CheckCache()
    {
        Finding finding = new() { Check = "cache" };
        try
        {
            Directory.CreateDirectory(_options.CacheFolder);
            long free = new DriveInfo(_options.CacheFolder).AvailableFreeSpace;
            finding.Message = string.Create(
                CultureInfo.InvariantCulture, $"{free >> 20} MiB are free in '{_options.CacheFolder}'");
            finding.State = free < SpoolReserve ? FindingState.Problem
                : free < LittleSpace ? FindingState.Warning : FindingState.Fine;
            if (finding.State != FindingState.Fine)
            {
                finding.Message += "; with less than 512 MiB compressed images without an index are read slowly";
                finding.Remedy =
                    $"make room; what is in '{_options.CacheFolder}' may be removed, or name another with --cache-dir";
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            finding.State = FindingState.Problem;
            finding.Message = error.Message;
            finding.Remedy = "make the directory, or name another with --cache-dir";
        }

        return finding;
    }
}
