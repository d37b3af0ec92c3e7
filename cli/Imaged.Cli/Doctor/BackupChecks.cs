using Imaged.Cli.Schedule;
using Imaged.Ipc.Contract;

namespace Imaged.Cli.Doctor;

/// <summary>Whether scheduled backups are able to run, and do.</summary>
internal static class BackupChecks
{
    /// <summary>Looks at them.</summary>
    public static IEnumerable<Finding> Run()
    {
        IReadOnlyList<BackupSchedule> schedules = BackupSchedule.ReadAll();
        if (schedules.Count == 0)
        {
            return [];
        }

        IReadOnlyDictionary<string, DateTime> next = TimerUnits.Next();
        return schedules.Select(schedule => Check(schedule, next));
    }

    private static Finding Check(BackupSchedule schedule, IReadOnlyDictionary<string, DateTime> next)
    {
        string check = $"backup {schedule.Name}";
        if (schedule.Problems.Count > 0)
        {
            return Problem(
                check,
                string.Join("; ", schedule.Problems),
                $"correct '{Path.Combine(BackupSchedule.Folder, schedule.Name)}.conf', see imaged-backup(5)");
        }

        BackupRunRecord? last = RunHistory.Read(schedule.Name).Last;
        if (last is { Problem: { } problem })
        {
            return Problem(
                check,
                $"the last run failed: {problem}",
                $"see journalctl -u imaged-backup@{schedule.Name}; "
                + $"to try again: systemctl start imaged-backup@{schedule.Name}");
        }

        if (schedule.Calendar.Count > 0 && !next.ContainsKey(schedule.Name) && Directory.Exists("/run/systemd/system"))
        {
            return new()
            {
                Check = check,
                State = FindingState.Warning,
                Message = "systemd has no time for its next run",
                Remedy = "after a change of the file: systemctl daemon-reload && systemctl restart timers.target; "
                    + $"then see systemctl status imaged-backup@{schedule.Name}.timer",
            };
        }

        return new() { Check = check, Message = last is null ? "it has not run yet" : "the last run was good" };
    }

    private static Finding Problem(string check, string message, string remedy) => new()
    {
        Check = check,
        State = FindingState.Problem,
        Message = message,
        Remedy = remedy,
    };
}
