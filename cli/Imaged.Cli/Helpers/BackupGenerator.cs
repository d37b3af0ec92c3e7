using System.Text;
using Imaged.Cli.Output;
using Imaged.Cli.Schedule;

namespace Imaged.Cli.Helpers;

/// <summary>Makes timers of the settings of scheduled backups, as systemd calls it when it starts and when it reads its
/// units again (systemd.generator(7)).</summary>
internal static class BackupGenerator
{
    /// <summary>What the program is called.</summary>
    public const string Name = "imaged-backup-generator";

    private const string TimerTemplate = "/usr/lib/systemd/system/imaged-backup@.timer";

    /// <summary>Writes the units.</summary>
    /// <param name="arguments">The folders for units of normal, early and late priority; the first one is
    /// used.</param>
    /// <returns>The exit status.</returns>
    public static int Run(IReadOnlyList<string> arguments)
    {
        if (arguments.Count is not (1 or 3))
        {
            Printer.Message("it is called by systemd, with the folders to write to");
            return ExitCode.Usage;
        }

        int exitCode = ExitCode.Done;
        foreach (BackupSchedule schedule in BackupSchedule.ReadAll())
        {
            try
            {
                Write(schedule, arguments[0]);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                Printer.Message($"'{schedule.Name}': {error.Message}");
                exitCode = ExitCode.Failed;
            }
        }

        return exitCode;
    }

    /// <summary>Writes the units of one. One whose settings are wrong gets its timer, too: it fails then, and
    /// loudly.</summary>
    internal static void Write(BackupSchedule schedule, string folder)
    {
        StringBuilder service = new("[Unit]\n");
        if (schedule.Target is { } target)
        {
            service.Append("RequiresMountsFor=").Append(target).Append('\n');
        }

        if (schedule.OnFailure is { } unit)
        {
            service.Append("OnFailure=").Append(unit).Append('\n');
        }

        service.Append("[Service]\n");
        if (schedule.Cpu is { } share)
        {
            service.Append("CPUQuota=").Append(share).Append('\n');
        }

        Put(folder, $"imaged-backup@{schedule.Name}.service.d", service);
        if (schedule.Calendar.Count == 0)
        {
            return;
        }

        StringBuilder timer = new("[Timer]\nOnCalendar=\n");
        foreach (string calendar in schedule.Calendar)
        {
            timer.Append("OnCalendar=").Append(calendar).Append('\n');
        }

        timer.Append("RandomizedDelaySec=").Append(schedule.Delay).Append('\n');
        string name = $"imaged-backup@{schedule.Name}.timer";
        Put(folder, name + ".d", timer);
        string wants = Path.Combine(folder, "timers.target.wants");
        Directory.CreateDirectory(wants);
        File.CreateSymbolicLink(Path.Combine(wants, name), TimerTemplate);
    }

    private static void Put(string folder, string name, StringBuilder text)
    {
        string path = Path.Combine(folder, name);
        Directory.CreateDirectory(path);
        File.WriteAllText(Path.Combine(path, "50-backup.conf"), text.ToString());
    }
}
