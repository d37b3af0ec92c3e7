using System.Text;
using Imaged.Cli.Jobs;
using Imaged.Cli.Output;
using Imaged.Ipc.Contract;

namespace Imaged.Cli.Verbs;

/// <summary><c>imagectl job list</c>, and <c>imagectl job</c>.</summary>
/// <param name="name">Which of them.</param>
internal sealed class JobListVerb(string name) : Verb
{
    public override string Name => name;

    public override string Operands => string.Empty;

    public override string Summary => "long actions that run, and the last ones that ended";

    public override string Description =>
        "A job goes on when the terminal or SSH session that it was started from is lost.\n"
        + "Root sees those of all users.";

    public override IReadOnlyList<string> Examples => ["imagectl job list", "imagectl job wait 3"];

    public override int Run(VerbCall call)
    {
        IReadOnlyList<JobRecord> jobs = [.. JobFolder.All.SelectMany(folder => folder.Read())];
        if (call.Printer.Json)
        {
            Printer.WriteJson(new() { Jobs = jobs }, ContractJson.Default.JobListing);
        }
        else if (jobs.Count > 0)
        {
            TextTable table = new("ID", "STARTED", "STATE", "COMMAND");
            foreach (JobRecord job in jobs)
            {
                table.Add(
                    SafeText.Name(job.Id),
                    JobText.LocalTime(job.Started),
                    JobText.StateOf(job),
                    JobText.CommandOf(job));
            }

            StringBuilder text = new();
            table.Write(text);
            Printer.Write(text);
        }

        return ExitCode.Done;
    }
}
