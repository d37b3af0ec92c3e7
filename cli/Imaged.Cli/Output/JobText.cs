using System.Globalization;
using Imaged.Ipc.Contract;

namespace Imaged.Cli.Output;

/// <summary>Jobs for people. Records are written by whoever the job is of: nothing in them is trusted.</summary>
internal static class JobText
{
    /// <summary>What became of it, or how far it is.</summary>
    public static string StateOf(JobRecord job)
    {
        switch (job.State)
        {
            case JobState.Running when job.Level is { Total: > 0 } level:
                string left =
                    level.Left is { } seconds ? $", {ProgressBar.Duration(Math.Max(0, seconds))} left" : string.Empty;
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
    public static string CommandOf(JobRecord job) => string.Join(' ', job.Arguments.Select(SafeText.Name));

    /// <summary>A time of the contract in local time; as it stands there when it is none.</summary>
    public static string LocalTime(string time) => ContractTime.Parse(time) is { } utc
        ? utc.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)
        : SafeText.Sentence(time);
}
