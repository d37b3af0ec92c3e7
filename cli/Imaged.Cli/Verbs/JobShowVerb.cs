using System.Globalization;
using System.Text;
using Imaged.Cli.Jobs;
using Imaged.Cli.Output;
using Imaged.Ipc.Contract;

namespace Imaged.Cli.Verbs;

/// <summary><c>imagectl job show</c>.</summary>
internal sealed class JobShowVerb : Verb
{
    public override string Name => "job show";

    public override string Operands => "ID";

    public override string Summary => "how far a job is, and what it said";

    public override IReadOnlyList<string> Examples => ["imagectl job show 3"];

    public override int Run(VerbCall call)
    {
        JobRecord job = Find(call.Positional(0)!).Job;
        if (call.Printer.Json)
        {
            Printer.WriteJson(job, ContractJson.Default.JobRecord);
            return ExitCode.Done;
        }

        StringBuilder text = new();
        text.Append("command:  ").Append(JobText.CommandOf(job)).Append('\n')
            .Append("state:    ").Append(JobText.StateOf(job)).Append('\n')
            .Append(CultureInfo.InvariantCulture, $"process:  {job.Pid}\n")
            .Append("started:  ").Append(JobText.LocalTime(job.Started)).Append('\n');
        if (job.Ended is { } ended)
        {
            text.Append("ended:    ").Append(JobText.LocalTime(ended)).Append('\n');
        }

        if (job.State == JobState.Running && job.Level.Phase.Length > 0)
        {
            text.Append("progress: ").Append(ProgressBar.Line(job.Level, 80)).Append('\n');
        }

        foreach (string line in job.Messages.SelectMany(message => message.Split('\n')))
        {
            text.Append("said:     ").Append(SafeText.Sentence(line)).Append('\n');
        }

        Printer.Write(text);
        return ExitCode.Done;
    }

    /// <summary>The job of a name, and the folder it is in.</summary>
    /// <exception cref="CliException">There is none.</exception>
    internal static (JobFolder Folder, JobRecord Job) Find(string name) => JobFolder.Find(name)
        ?? throw new CliException(ExitCode.NotFound, $"there is no job '{name}'; see imagectl job list");
}
