using System.Globalization;
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
                table.Add(SafeText.Name(job.Id), LocalTime(job.Started), StateOf(job), CommandOf(job));
            }

            StringBuilder text = new();
            table.Write(text);
            Printer.Write(text);
        }

        return ExitCode.Done;
    }

    /// <summary>What became of it, or how far it is.</summary>
    internal static string StateOf(JobRecord job)
    {
        switch (job.State)
        {
            case JobState.Running when job.Level is { Total: > 0 } level:
                string left = level.Left is { } seconds
                    ? string.Create(CultureInfo.InvariantCulture, $", {TimeSpan.FromSeconds(seconds):h\\:mm\\:ss} left")
                    : string.Empty;
                double share = Math.Clamp(level.Done / (double)level.Total, 0, 1);
                return string.Create(
                    CultureInfo.InvariantCulture, $"{SafeText.Sentence(level.Phase)} {share * 100:0}%{left}");
            case JobState.Running:
                return job.Level.Phase.Length == 0 ? "begins" : SafeText.Sentence(job.Level.Phase);
            case JobState.Failed:
                return string.Create(CultureInfo.InvariantCulture, $"failed ({job.ExitCode})");
            default:
                return job.State.ToString().ToLowerInvariant();
        }
    }

    /// <summary>The command line, safe for a terminal.</summary>
    internal static string CommandOf(JobRecord job) => string.Join(' ', job.Arguments.Select(SafeText.Name));

    /// <summary>A time of a record in local time; as it stands there when it is none.</summary>
    internal static string LocalTime(string time) =>
        DateTime.TryParse(
            time, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out DateTime parsed)
            ? parsed.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)
            : SafeText.Sentence(time);
}
