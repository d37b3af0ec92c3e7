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
    private readonly DaemonConfig _config;
    private readonly AccessPolicy _policy;
    private readonly LeftOvers _leftOvers;

    /// <summary>A diagnosis of the daemon that has these parts.</summary>
    public Diagnosis(DaemonOptions options, DaemonConfig config, AccessPolicy policy, AttachmentTable table)
    {
        _options = options;
        _config = config;
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

    private IEnumerable<Finding> CheckConfiguration()
    {
        if (_config.Problems.Count == 0)
        {
            yield return new()
            {
                Check = "configuration",
                Message = File.Exists(_options.ConfigFile)
                    ? $"'{_options.ConfigFile}' was understood"
                    : $"there is no '{_options.ConfigFile}': everything is as by default",
            };
        }

        foreach (string problem in _config.Problems)
        {
            yield return new()
            {
                Check = "configuration",
                State = FindingState.Problem,
                Message = $"'{_options.ConfigFile}', {problem}; the rest of the file is used",
                Remedy = "correct it, then: systemctl restart imaged (what is mounted stays mounted)",
            };
        }
    }

    private Finding CheckGroup() => _policy.Group is { } number
        ? new()
        {
            Check = "group",
            Message = string.Create(
                CultureInfo.InvariantCulture, $"members of the group '{_config.Group}' ({number}) may use imaged"),
        }
        : new()
        {
            Check = "group",
            State = FindingState.Problem,
            Message = $"there is no group '{_config.Group}': only root may use imaged",
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
