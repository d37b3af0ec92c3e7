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

    private const string Extension = ".qcow2";

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
        BackupRunRecord run = new() { Started = TimerUnits.Text(DateTime.UtcNow) };
        try
        {
            BackupSchedule schedule = BackupSchedule.Read(name);
            if (schedule.Problems.Count > 0)
            {
                throw new CliException(
                    ExitCode.Usage, $"the settings of '{name}' are wrong: {string.Join("; ", schedule.Problems)}");
            }

            using SafeFileHandle only = RunHistory.Lock(name);
            try
            {
                run.ExitCode = Run(call, schedule, run);
            }
            catch (Exception error)
            {
                Interrupts.WaitIfEnding();
                Note(run, error);
                throw;
            }
            finally
            {
                run.Ended = TimerUnits.Text(DateTime.UtcNow);
                RunHistory.Write(name, run);
            }
        }
        catch (Exception error)
        {
            Interrupts.WaitIfEnding();
            Note(run, error);
            TellJournal(name, run);
            throw;
        }

        if (run.ExitCode != ExitCode.Done)
        {
            TellJournal(name, run);
        }

        return run.ExitCode;
    }

    private static void Note(BackupRunRecord run, Exception error)
    {
        (run.Problem, run.ExitCode) = ErrorReport.Describe(error);
    }

    private static int Run(VerbCall call, BackupSchedule schedule, BackupRunRecord run)
    {
        if (!Directory.Exists(schedule.Target))
        {
            throw new CliException(
                ExitCode.NotFound,
                $"there is no folder '{schedule.Target}' to save to: is what it lies on mounted?");
        }

        BackupFolder folder = BackupFolder.Read(schedule.Target);
        BackupListed? parent = ChooseParent(folder, schedule);
        string file = FormattableString.Invariant(
            $"{schedule.Name}-{DateTime.UtcNow:yyyyMMdd'T'HHmmss'Z'}{Extension}");
        int exitCode;
        try
        {
            exitCode = Save(call.Printer, schedule, file, parent);
        }
        catch (ImagedException error) when (error.Kind == ErrorKind.BadImage && parent is not null)
        {
            // What it was to stand on is damaged, or of a disk of another length.
            call.Printer.Warn($"no increment can be made, so all is saved: {error.Message}");
            exitCode = Save(call.Printer, schedule, file, null);
        }

        run.File = file;
        run.FileSize = new FileInfo(Path.Combine(schedule.Target, file)).Length;
        run.Verified = schedule.Check ? TimerUnits.Text(DateTime.UtcNow) : null;
        if (exitCode != ExitCode.Done)
        {
            run.Problem = "not all could be read; the backup has zeros instead";
        }

        if (schedule.Keep is { } keep)
        {
            BackupPruneVerb.Prune(
                call,
                schedule.Target,
                new Retention(keep),
                listed => IsOf(schedule.Name, listed) ? schedule.Name : null,
                schedule.Merge,
                isDry: false);
        }

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
            listed => IsOf(schedule.Name, listed) && listed is { Problem: null, Backup: not null });
        return newest is not null && folder.DepthOf(newest) + 1 < schedule.FullEvery ? newest : null;
    }

    /// <summary>Whether a file is a backup of this schedule, by its name: sources may be called otherwise with each
    /// boot.</summary>
    internal static bool IsOf(string name, BackupListed listed) =>
        listed.Name.StartsWith(name + "-", StringComparison.Ordinal)
        && listed.Name.EndsWith(Extension, StringComparison.Ordinal)
        && DateTime.TryParseExact(
            listed.Name.AsSpan(name.Length + 1, Math.Max(0, listed.Name.Length - name.Length - 1 - Extension.Length)),
            "yyyyMMdd'T'HHmmss'Z'",
            CultureInfo.InvariantCulture,
            DateTimeStyles.None,
            out _);

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
