using System.Globalization;
using Imaged.Cli.Arguments;
using Imaged.Cli.Hosting;
using Imaged.Cli.Output;
using Imaged.Cli.Schedule;
using Imaged.Ipc;
using Imaged.Ipc.Contract;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Verbs;

/// <summary><c>imagectl backup run</c>.</summary>
internal sealed class BackupRunVerb : Verb
{
    /// <summary>What the journal's catalogue explains a failure by (systemd/catalog/imaged.catalog).</summary>
    internal const string FailureId = "8f4f3b1c90a44b5f8a0a4a8d2f9e6c17";

    public override string Name => "backup run";

    public override string Operands => "NAME";

    public override string Summary => "make a scheduled backup now, as its unit does";

    public override string Description =>
        "What is saved, where to and what is kept says /etc/imaged/backup.d/NAME.conf, see imaged-backup(5).";

    public override bool IsLong => true;

    public override IReadOnlyList<string> Examples =>
        ["imagectl backup run data", "systemctl start imaged-backup@data"];

    public override int Run(VerbCall call)
    {
        string name = call.Positional(0)!;
        BackupRunRecord run = new() { Started = ContractTime.Text(DateTime.UtcNow) };
        SafeFileHandle? only = null;
        try
        {
            BackupSchedule schedule = BackupSchedule.Read(name);
            if (schedule.Problems.Count > 0)
            {
                throw new CliException(
                    ExitCode.Usage, $"the settings of '{name}' are wrong: {string.Join("; ", schedule.Problems)}");
            }

            only = RunHistory.Lock(name);
            run.ExitCode = Run(call, schedule, run);
            return run.ExitCode;
        }
        catch (Exception error)
        {
            Interrupts.WaitIfEnding();
            (run.Problem, run.ExitCode) = ErrorReport.Describe(error);
            throw;
        }
        finally
        {
            run.Ended = ContractTime.Text(DateTime.UtcNow);
            if (only is not null)
            {
                RunHistory.Write(name, run);
                only.Dispose();
            }

            if (run.ExitCode != ExitCode.Done)
            {
                TellJournal(name, run);
            }
        }
    }

    private static int Run(VerbCall call, BackupSchedule schedule, BackupRunRecord run)
    {
        string target = schedule.Target!;
        if (!Directory.Exists(target))
        {
            throw new CliException(
                ExitCode.NotFound, $"there is no folder '{target}' to save to: is what it lies on mounted?");
        }

        // First, as this one may need the room.
        BackupPruneVerb.RemoveLeftovers(call, target, isDry: false);
        int exitCode;

        // Other schedules have the same folder: what this one is to stand on must not be removed meanwhile.
        using (BackupLock.Take(target, isShared: true, waits: true))
        {
            exitCode = SaveNext(call.Printer, schedule, run);
        }

        run.FileSize = new FileInfo(Path.Combine(target, run.File!)).Length;
        run.Verified = schedule.Check ? ContractTime.Text(DateTime.UtcNow) : null;
        if (exitCode != ExitCode.Done)
        {
            run.Problem = "not all could be read; the backup has zeros instead";
        }

        if (schedule.Keep is { } keep)
        {
            using SafeFileHandle folder = BackupLock.Take(target, isShared: false, waits: true);
            BackupPruneVerb.Prune(
                call,
                folder,
                target,
                new Retention(keep),
                listed => schedule.Owns(listed.Name) ? schedule.Name : null,
                schedule.Merge,
                isDry: false);
        }

        return exitCode;
    }

    private static int SaveNext(Printer printer, BackupSchedule schedule, BackupRunRecord run)
    {
        BackupListed? parent = ChooseParent(BackupFolder.Read(schedule.Target!), schedule);
        string file = schedule.NameBackup(schedule.Target!);
        int exitCode;
        try
        {
            exitCode = Save(printer, schedule, file, parent);
        }
        catch (ImagedException error) when (error.Kind == ErrorKind.BadImage && parent is not null)
        {
            // What it was to stand on is damaged, or of a disk of another length.
            printer.Warn($"no increment can be made, so all is saved: {error.Message}");
            exitCode = Save(printer, schedule, file, null);
        }

        run.File = file;
        return exitCode;
    }

    // The same as the command line would do.
    private static int Save(Printer printer, BackupSchedule schedule, string file, BackupListed? parent)
    {
        List<string> arguments = [.. schedule.Options];
        if (!schedule.Check)
        {
            arguments.Add("--no-check");
        }

        if (parent is not null)
        {
            arguments.Add("--since=" + Path.Combine(schedule.Target!, parent.Name));
        }

        BackupVerb verb = new();
        arguments.AddRange(["--", schedule.Source!, Path.Combine(schedule.Target!, file)]);
        return verb.Run(new(ArgumentParser.Parse(arguments, verb.AllOptions, "imagectl backup"), printer));
    }

    private static BackupListed? ChooseParent(BackupFolder folder, BackupSchedule schedule)
    {
        BackupListed? newest = folder.Backups.LastOrDefault(
            listed => schedule.Owns(listed.Name) && listed is { Problem: null, Backup: not null });
        return newest is not null && folder.DepthOf(newest) + 1 < schedule.FullEvery ? newest : null;
    }

    /// <summary>What the journal is told of a failure.</summary>
    internal static Dictionary<string, string> Entry(string name, BackupRunRecord run) => new()
    {
        ["MESSAGE"] = $"the backup '{name}' failed: {run.Problem}",
        ["MESSAGE_ID"] = FailureId,
        ["PRIORITY"] = "3",
        ["SYSLOG_IDENTIFIER"] = "imagectl",
        ["IMAGED_BACKUP"] = name,
        ["IMAGED_EXIT_CODE"] = run.ExitCode.ToString(CultureInfo.InvariantCulture),
        ["IMAGED_PROBLEM"] = run.Problem ?? string.Empty,
    };

    // Whoever looks there finds it with what to do; standard error goes there as well, when a unit runs this.
    private static void TellJournal(string name, BackupRunRecord run)
    {
        JournalEntry entry = new();
        foreach ((string field, string value) in Entry(name, run))
        {
            entry.Add(field, value);
        }

        try
        {
            SystemdJournal.Send(entry.Bytes, SystemdJournal.DefaultSocket);
        }
        catch (LinuxException)
        {
            // There is no journal; what failed stands on standard error.
        }
    }
}
