using System.Globalization;
using Imaged.Cli.Jobs;
using Imaged.Cli.Output;
using Imaged.Ipc.Contract;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Verbs;

/// <summary><c>imagectl job cancel</c>.</summary>
internal sealed class JobCancelVerb : Verb
{
    // Not SIGINT, which a shell has its background processes ignore.
    private const int Terminate = 15;
    private const int MaxMilliseconds = 30_000;

    public override string Name => "job cancel";

    public override string Operands => "ID";

    public override string Summary => "end a job, as Ctrl-C does: it cleans up what it has begun";

    public override IReadOnlyList<string> Examples => ["imagectl job cancel 3"];

    public override int Run(VerbCall call)
    {
        (JobFolder folder, JobRecord job) = JobShowVerb.Find(call.Positional(0)!);
        using ChildProcess? process =
            job.State == JobState.Running ? ChildProcess.Adopt(job.Pid, job.StartTime) : null;
        if (process is null)
        {
            throw new CliException(ExitCode.NothingToDo, $"job {job.Id} has ended: {JobText.StateOf(job)}");
        }

        // The record is written by who owns the folder: he may end his own processes, and not have root end others.
        if (OwnerOf(folder.Path) != OwnerOf(string.Create(CultureInfo.InvariantCulture, $"/proc/{job.Pid}")))
        {
            throw new CliException(
                ExitCode.Refused, $"process {job.Pid} is not of the user who says that it does job {job.Id}");
        }

        process.Signal(Terminate);
        return process.WaitForExit(MaxMilliseconds)
            ? ExitCode.Done
            : throw new CliException(
                ExitCode.Failed, $"job {job.Id} was told to end and still runs; if need be: kill -9 {job.Pid}");
    }

    private static uint OwnerOf(string path)
    {
        using SafeFileHandle file = HostPath.OpenPath(path);
        return HostPath.Identify(file).Uid;
    }
}
