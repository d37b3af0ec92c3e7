using Imaged.Cli.Arguments;
using Imaged.Cli.Output;
using Imaged.Ipc.Contract;
using Imaged.Linux;

namespace Imaged.Cli.Verbs;

/// <summary><c>imagectl job wait</c>.</summary>
internal sealed class JobWaitVerb : Verb
{
    private const int RefreshMilliseconds = 200;

    public override string Name => "job wait";

    public override string Operands => "ID";

    public override string Summary => "wait for a job, and show how far it is";

    public override string Description =>
        "The exit code is that of the job; 1 when it was killed. Ctrl-C ends the waiting, not the job.";

    public override IReadOnlyList<OptionSpec> Options => [GlobalOptions.Progress];

    public override IReadOnlyList<string> Examples => ["imagectl job wait 3 && echo done"];

    public override int Run(VerbCall call)
    {
        string name = call.Positional(0)!;
        (_, JobRecord job) = JobShowVerb.Find(name);
        using (ProgressBar bar = new(call.Printer))
        {
            while (job.State == JobState.Running)
            {
                bar.Show(job.Level with { Job = job.Id });
                using ChildProcess? process = ChildProcess.Adopt(job.Pid, job.StartTime);
                process?.WaitForExit(RefreshMilliseconds);
                (_, job) = JobShowVerb.Find(name);
            }
        }

        if (call.Printer.Json)
        {
            Printer.WriteJson(job, ContractJson.Default.JobRecord);
        }
        else if (job.State != JobState.Done)
        {
            string last = job.Messages.Count > 0 ? ": " + job.Messages[^1] : string.Empty;
            Printer.Message($"job {job.Id} {JobText.StateOf(job)}{last}");
        }

        return job.ExitCode ?? ExitCode.Failed;
    }
}
