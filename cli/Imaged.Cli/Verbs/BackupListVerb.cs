using System.Globalization;
using System.Text;
using Imaged.Cli.Hosting;
using Imaged.Cli.Output;
using Imaged.Cli.Schedule;
using Imaged.Ipc.Contract;

namespace Imaged.Cli.Verbs;

/// <summary><c>imagectl backup list</c>.</summary>
internal sealed class BackupListVerb : Verb
{
    public override string Name => "backup list";

    public override string Operands => "[FOLDER]";

    public override string Summary => "the backups of a folder; without one, those that are scheduled";

    public override string Description =>
        "The exit code is 6 when a backup cannot be used, or the last run of a scheduled one failed.";

    public override IReadOnlyList<string> Examples => ["imagectl backup list", "imagectl backup list /backup"];

    public override int Run(VerbCall call)
    {
        if (call.Positional(0) is not { } path)
        {
            return ListSchedules(call);
        }

        BackupFolder folder = BackupFolder.Read(path);
        if (call.Printer.Json)
        {
            Printer.WriteJson(new() { Backups = folder.Backups }, ContractJson.Default.BackupListing);
        }
        else if (folder.Backups.Count > 0)
        {
            Printer.Write(TextOf(folder));
        }

        return folder.Backups.Any(listed => listed.Problem is not null) ? ExitCode.VerificationFailed : ExitCode.Done;
    }

    private static int ListSchedules(VerbCall call)
    {
        IReadOnlyDictionary<string, DateTime> next = TimerUnits.Next();
        ScheduledBackup[] schedules = [.. BackupSchedule.ReadAll().Select(schedule => Describe(schedule, next))];
        if (call.Printer.Json)
        {
            Printer.WriteJson(new() { Schedules = schedules }, ContractJson.Default.ScheduleListing);
        }
        else if (schedules.Length > 0)
        {
            Printer.Write(TextOf(schedules));
        }
        else
        {
            Printer.Message(
                $"no backup is scheduled in '{BackupSchedule.Folder}', see imaged-backup(5); "
                + "for the backups of a folder: imagectl backup list FOLDER");
        }

        return schedules.Any(schedule => schedule.Problems.Count > 0 || schedule.Last is { ExitCode: not 0 })
            ? ExitCode.VerificationFailed
            : ExitCode.Done;
    }

    private static ScheduledBackup Describe(BackupSchedule schedule, IReadOnlyDictionary<string, DateTime> next)
    {
        BackupRunHistory history = RunHistory.Read(schedule.Name);
        ScheduledBackup described = new()
        {
            Name = schedule.Name,
            Source = schedule.Source,
            Target = schedule.Target,
            Problems = schedule.Problems,
            Last = history.Last,
            LastGood = history.LastGood,
            Next = next.TryGetValue(schedule.Name, out DateTime time) ? ContractTime.Text(time) : null,
        };
        if (Directory.Exists(schedule.Target))
        {
            BackupFolder folder = BackupFolder.Read(schedule.Target);
            BackupListed[] own = [.. folder.Backups.Where(listed => schedule.Owns(listed.Name))];
            described.Backups = own.Length;
            described.Size = own.Sum(listed => listed.FileSize);
            described.Depth = own.Length > 0 ? folder.DepthOf(own[^1]) : null;
        }

        return described;
    }

    private static StringBuilder TextOf(IEnumerable<ScheduledBackup> schedules)
    {
        TextTable table = new("NAME", "LAST RUN", "RESULT", "NEXT RUN", ">BACKUPS", ">SIZE", "CHAIN", "VERIFIED");
        foreach (ScheduledBackup schedule in schedules)
        {
            table.Add(
                SafeText.Name(schedule.Name),
                LocalTime(schedule.Last?.Started, "never"),
                ResultOf(schedule),
                LocalTime(schedule.Next, "not scheduled"),
                schedule.Backups?.ToString(CultureInfo.InvariantCulture) ?? "no folder",
                schedule.Size is { } size ? HumanSize.Of(size) : string.Empty,
                schedule.Depth switch
                {
                    null => string.Empty,
                    0 => "whole",
                    1 => "1 increment",
                    _ => string.Create(CultureInfo.InvariantCulture, $"{schedule.Depth} increments"),
                },
                LocalTime(schedule.LastGood?.Verified, "no"));
        }

        StringBuilder text = new();
        table.Write(text);
        foreach (ScheduledBackup schedule in schedules)
        {
            foreach (string problem in schedule.Problems)
            {
                text.Append(SafeText.Name(schedule.Name)).Append(": ").Append(SafeText.Sentence(problem)).Append('\n');
            }

            if (schedule.Last?.Problem is { } failure)
            {
                text.Append(SafeText.Name(schedule.Name)).Append(": ").Append(SafeText.Sentence(failure)).Append('\n');
            }
        }

        return text;
    }

    private static string ResultOf(ScheduledBackup schedule) => schedule switch
    {
        { Problems.Count: > 0 } => "wrong settings",
        { Last: null } => string.Empty,
        { Last.ExitCode: 0 } => "done",
        _ => string.Create(CultureInfo.InvariantCulture, $"failed ({schedule.Last.ExitCode})"),
    };

    private static string LocalTime(string? time, string otherwise) =>
        time is null ? otherwise : JobText.LocalTime(time);

    private static StringBuilder TextOf(BackupFolder folder)
    {
        TextTable table = new("NAME", "SOURCE", "SAVED", ">SIZE", "STATE");
        foreach (BackupListed listed in folder.Backups)
        {
            table.Add(
                SafeText.Name(listed.Name),
                SafeText.Name(listed.Backup?.Source.Name ?? string.Empty),
                listed.Backup is null
                    ? string.Empty
                    : BackupFolder.TimeOf(listed).ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture),
                HumanSize.Of(listed.FileSize),
                StateOf(listed));
        }

        StringBuilder text = new();
        table.Write(text);
        return text;
    }

    private static string StateOf(BackupListed listed) => listed switch
    {
        { Problem: { } problem } => "unusable: " + SafeText.Sentence(problem),
        { Backup.ParentName: { } parent } => $"increment on {SafeText.Name(parent)}",
        { Backup.Lost: > 0 } => "whole, with unreadable places",
        _ => "whole",
    };
}
