using System.Diagnostics;
using System.Runtime.InteropServices;
using Imaged.Cli.Arguments;
using Imaged.Cli.Output;
using Imaged.Cli.Verbs;
using Imaged.Ipc;
using Imaged.Ipc.Contract;

namespace Imaged.Cli.Hosting;

/// <summary>Writes an image to one or more targets: a worker does, and what it takes to grow file systems and to change
/// what machines are known by is done here, where the rights for it are. Until all of it is done an interrupt leaves no
/// target with its first bytes.</summary>
internal sealed class DiskRestore : IDisposable
{
    public static readonly OptionSpec DryRun = new("dry-run", null, "write nothing, say what would be done");
    public static readonly OptionSpec NoCheck = new("no-check", null, "do not read back what was written");
    public static readonly OptionSpec Force = new("force", null, "overwrite what a target holds") { Short = 'f' };
    public static readonly OptionSpec Grow = new("grow", null, "last partition and its file system up to the end");
    public static readonly OptionSpec HostName = new("hostname", "NAME", "with --identity: the name of the machine");

    public static readonly OptionSpec Identity = new("identity", "WHICH", "new ids, machine-id and host keys, no name")
    {
        Choices = ["fresh"],
    };

    private readonly VerbCall _call;
    private readonly IReadOnlyList<RestoreTarget> _targets;
    private readonly IDisposable _interrupt;
    private volatile bool _hasBegun;

    /// <summary>Takes ownership of the targets.</summary>
    /// <param name="call">The options.</param>
    /// <param name="targets">Where to write.</param>
    public DiskRestore(VerbCall call, IReadOnlyList<RestoreTarget> targets)
    {
        _call = call;
        _targets = targets;
        _interrupt = Interrupts.Add(ClearHeads);
    }

    /// <summary>All its options.</summary>
    public static IReadOnlyList<OptionSpec> Options => [DryRun, Force, NoCheck, Grow, Identity, HostName];

    /// <summary>Writes.</summary>
    /// <param name="image">The image; stays the caller's.</param>
    /// <returns>The exit code.</returns>
    /// <exception cref="CliException">The options do not fit.</exception>
    public int Run(ImageFile image)
    {
        CheckOptions();
        bool isDry = _call.Arguments.Has(DryRun);
        long start = Stopwatch.GetTimestamp();
        using WorkerProcess worker = WorkerProcess.Start(image.Directory);
        worker.Open(image, _call.Arguments, _call.Printer);
        if (_call.Arguments.Has(Grow))
        {
            ExpectTools(Write(worker, isDry: true));
        }

        RestoreSummary summary = Write(worker, isDry);
        if (!isDry)
        {
            FinishAll(summary);
            _hasBegun = false;
        }

        TimeSpan took = Stopwatch.GetElapsedTime(start);
        if (_call.Printer.Json)
        {
            Printer.WriteJson(summary, ContractJson.Default.RestoreSummary);
        }
        else
        {
            Printer.Write(isDry ? RestoreText.PlanOf(summary) : RestoreText.Of(summary, took));
        }

        foreach (string warning in summary.Warnings)
        {
            _call.Printer.Warn(warning);
        }

        return isDry ? ExitCode.Done : Report(summary);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _interrupt.Dispose();
        foreach (RestoreTarget target in _targets)
        {
            target.Dispose();
        }
    }

    private static bool IsWritten(RestoredTarget target) => target.Error is null && target.Bad.Count == 0;

    // What is wrong with each target, and what the shell is told.
    private static int Report(RestoreSummary summary)
    {
        int code = ExitCode.Done;
        foreach (RestoredTarget target in summary.Targets)
        {
            if (target.Error is not null)
            {
                code = ExitCode.Failed;
                Printer.Message($"'{target.Name}': {target.Error}");
            }
            else if (target.Bad.Count > 0)
            {
                code = code == ExitCode.Done ? ExitCode.VerificationFailed : code;
                Printer.Message(
                    $"'{target.Name}' does not read back as it was written ({RangeText.Of(target.Bad)}): "
                    + "the disk is faulty, and has no partition table now");
            }
        }

        return code;
    }

    private void CheckOptions()
    {
        bool isFile = _targets.Any(target => target.IsFile);
        if (isFile && (_call.Arguments.Has(Grow) || _call.Arguments.Has(Identity)))
        {
            throw new CliException(
                ExitCode.Usage, "--grow and --identity are for disks and partitions, not for a new file");
        }

        if (_call.Arguments.Text(HostName) is not { } name)
        {
            return;
        }

        if (!_call.Arguments.Has(Identity))
        {
            throw new CliException(ExitCode.Usage, "--hostname goes with --identity=fresh");
        }

        if (_targets.Count > 1)
        {
            throw new CliException(ExitCode.Usage, "--hostname is for one disk: several machines need several names");
        }

        if (!FreshIdentity.IsHostName(name))
        {
            throw new CliException(ExitCode.Usage, $"'{name}' is no host name: letters, digits, dashes and dots");
        }
    }

    private RestoreSummary Write(WorkerProcess worker, bool isDry)
    {
        List<SafeHandle> descriptors = [];
        List<RestoreTo> targets = [];
        foreach (RestoreTarget target in _targets)
        {
            targets.Add(new()
            {
                Name = target.Name,
                Device = descriptors.Count,
                Direct = target.Descriptors.Count > 1 ? descriptors.Count + 1 : null,
            });
            descriptors.AddRange(target.Descriptors);
        }

        RestoreParameters parameters = new()
        {
            Targets = targets,
            Check = !_call.Arguments.Has(NoCheck),
            Force = _call.Arguments.Has(Force),
            DryRun = isDry,
            Grow = _call.Arguments.Has(Grow),
            FreshIds = _call.Arguments.Has(Identity),
        };
        RestoreReply reply = worker.CallLong(
            WorkerInterface.Restore,
            parameters,
            descriptors,
            _call.Printer,
            reply =>
            {
                // From there on nothing is refused any more.
                _hasBegun |= !isDry && reply.Progress.Phase != "look";
                return reply.Progress;
            });
        return reply.Summary ?? new();
    }

    // Before anything is written: a disk that was to grow and did not is no good.
    private static void ExpectTools(RestoreSummary plan)
    {
        foreach (RestoredTarget target in plan.Targets)
        {
            string? type = GrownVolume(plan, target)?.KernelType;
            foreach (HostTool tool in FileSystemGrowth.Find(type)?.Tools ?? [])
            {
                if (tool.Path is null)
                {
                    throw new CliException(
                        ExitCode.Failed,
                        $"growing {type} needs {tool.Name}: apt install {tool.Package}; nothing was written");
                }
            }
        }
    }

    private static RestoredVolume? GrownVolume(RestoreSummary summary, RestoredTarget target) =>
        target.Grown is { } grown
            ? summary.Volumes.FirstOrDefault(volume => volume.Partition == grown.Partition)
            : null;

    private void FinishAll(RestoreSummary summary)
    {
        for (int i = 0; i < _targets.Count; i++)
        {
            RestoredTarget target = summary.Targets[i];
            if (!IsWritten(target))
            {
                if (_targets[i].IsFile && target.Errno is { } errno && OutputFile.IsFull(errno))
                {
                    target.Error = OutputFile.Full(_targets[i].Name, target.Error!).Message;
                }

                continue;
            }

            try
            {
                Finish(summary, target, _targets[i]);
                _targets[i].Commit();
            }
            catch (Exception error) when (error is IOException or CliException or ImagedException)
            {
                Interrupts.WaitIfEnding();
                target.Error = $"it is written, but not finished: {error.Message}";
            }
        }
    }

    private void Finish(RestoreSummary summary, RestoredTarget result, RestoreTarget target)
    {
        if (GrownVolume(summary, result) is { } volume)
        {
            result.Steps = [.. result.Steps, GrowFileSystem(volume, result.Grown!.Length, target)];
        }

        if (_call.Arguments.Has(Identity))
        {
            new FreshIdentity(summary.Volumes, _call.Arguments.Text(HostName)).Apply(result, target.Device);
        }
    }

    private static string GrowFileSystem(RestoredVolume volume, long length, RestoreTarget target)
    {
        string what = volume.Partition is { } number ? $"partition {number}" : "the disk";
        if (FileSystemGrowth.Find(volume.KernelType) is not { } growth)
        {
            return $"the file system of {what} ({volume.FileSystem ?? "unknown"}) is as long as it was: imagectl knows "
                + "no program that grows it";
        }

        using TargetVolume device = TargetVolume.Attach(target.Device, volume, length);
        growth.Run(device.Device);
        return $"the file system of {what} ({volume.KernelType}) grew to {HumanSize.Of(length)}";
    }

    private void ClearHeads()
    {
        foreach (RestoreTarget target in _hasBegun ? _targets.Where(target => !target.IsFile) : [])
        {
            try
            {
                target.ClearHead();
            }
            catch (IOException error)
            {
                Printer.Message($"'{target.Name}' cannot be cleared, and may look whole: {error.Message}");
            }
        }
    }
}
