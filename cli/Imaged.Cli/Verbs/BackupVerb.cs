using System.Diagnostics;
using System.Globalization;
using System.Text;
using Imaged.Cli.Arguments;
using Imaged.Cli.Consistency;
using Imaged.Cli.Hosting;
using Imaged.Cli.Output;
using Imaged.Ipc.Contract;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Verbs;

/// <summary><c>imagectl backup</c>.</summary>
internal sealed class BackupVerb : Verb
{
    private const int MaxLevel = 19;
    private const int MinRate = 64 << 10;

    private static readonly OptionSpec Since =
        new("since", "BACKUP", "save only what has changed since that one, beside it") { IsFile = true };

    private static readonly OptionSpec Level = new("level", "N", "1 (fast, the default) to 19 (small)");
    private static readonly OptionSpec Rate =
        new("rate", "BYTES", "read no more than that per second, e.g. 50M");

    private static readonly OptionSpec KeepGoing =
        new("keep-going", null, "leave out what cannot be read, note it, and exit with 6");

    private static readonly OptionSpec To =
        new("to", "F", "raw: the disk, with holes; - implies it")
        {
            Choices = ["qcow2", "raw"],
        };

    private static readonly OptionSpec NoCheck = new("no-check", null, "do not read the backup again");

    public override string Name => "backup";

    public override string Operands => "SOURCE TARGET";

    public override string Summary => "save a disk, a partition or an image: used blocks only, compressed";

    public override string Description =>
        "TARGET, a qcow2 image of the whole disk, appears when it is complete, compared and on the disk.";

    public override IReadOnlyList<OptionSpec> Options =>
        [Since, To, ConsistencyChoice.Option, Level, Rate, KeepGoing, NoCheck, ConvertVerb.Force];

    public override bool OpensImage => true;

    public override bool IsLong => true;

    public override IReadOnlyList<string> Examples =>
        [
            "imagectl backup /dev/sda3 /backup/data-monday.qcow2",
            "imagectl backup /dev/sda3 /backup/data-tuesday.qcow2 --since /backup/data-monday.qcow2",
        ];

    public override int Run(VerbCall call)
    {
        string target = call.Positional(1)!;
        bool isStream = target == "-";
        bool isRaw = isStream || call.Arguments.Text(To) == "raw";
        string? since = call.Arguments.Text(Since);
        if (isRaw && (since is not null || call.Arguments.Has(KeepGoing)))
        {
            throw new CliException(
                ExitCode.Usage,
                "a raw image has no place for what was saved before, nor for what could not be read: "
                + "--since and --keep-going are for backups in qcow2");
        }

        using ImageFile named = ImageFile.Open(call.Arguments);
        ConsistencyChoice choice = ConsistencyChoice.Read(call.Arguments);
        string place = isStream ? Environment.CurrentDirectory : FolderOf(target);
        using SafeFileHandle? folder = isStream ? null : BackupLock.Take(place, isShared: true);
        using SafeFileHandle? parent = since is null ? null : OpenParent(since, target);
        using OutputFile? output =
            isStream ? null : OutputFile.Create(target, call.Arguments.Has(ConvertVerb.Force), isPrivate: true);
        using ConsistentSource source = ConsistentSource.Open(named, choice, place);
        using WorkerProcess worker = WorkerProcess.Start(source.Image.Directory);
        worker.Open(source.Image, call.Arguments, call.Printer);
        BackupParameters parameters = new()
        {
            Output = 0,
            Raw = isRaw,
            Stream = isStream,
            Parent = parent is null ? null : 1,
            ParentName = since is null ? null : Path.GetFileName(since),
            Level = call.Arguments.Number(Level, 1, MaxLevel) ?? 1,
            Rate = RateOf(call.Arguments),
            KeepGoing = call.Arguments.Has(KeepGoing),
            Check = !call.Arguments.Has(NoCheck),
            Source = source.Described,
            Consistency = source.Consistency,
        };
        long start = Stopwatch.GetTimestamp();
        BackupSummary summary = BackupWriter.Write(
            worker, parameters, output, target, parent is null ? [] : [parent], call.Printer, source);
        string text = TextOf(summary, source.Consistency, Stopwatch.GetElapsedTime(start));
        if (isStream)
        {
            call.Printer.Explain(text.TrimEnd('\n').Replace('\n', ';'));
        }
        else if (call.Printer.Json)
        {
            Printer.WriteJson(summary, ContractJson.Default.BackupSummary);
        }
        else
        {
            Printer.Write(text);
        }

        foreach (string warning in summary.Warnings)
        {
            call.Printer.Warn(warning);
        }

        if (summary.Lost.Count > 0)
        {
            Printer.Message($"not all could be read, the backup has zeros instead: {RangeText.Of(summary.Lost)}");
        }

        return summary.Lost.Count == 0 ? ExitCode.Done : ExitCode.VerificationFailed;
    }

    private static long? RateOf(ParsedArguments arguments) =>
        arguments.Bytes(Rate) is { } rate && rate < MinRate
            ? throw new CliException(
                ExitCode.Usage,
                $"--{Rate.Name} is 64K at least: a whole piece is read at once, and paid for afterwards")
            : arguments.Bytes(Rate);

    private static SafeFileHandle OpenParent(string since, string target)
    {
        if (FolderOf(since) != FolderOf(target))
        {
            throw new CliException(
                ExitCode.Usage,
                $"'{since}' and '{target}' are in different folders: a backup finds the one it stands on beside it");
        }

        // Also with --force: it might be what the increment is to stand on.
        if (File.Exists(target))
        {
            throw new CliException(
                ExitCode.Usage, $"'{target}' exists: with --since it has to be a new name, so that no chain is broken");
        }

        try
        {
            return HostPath.OpenRead(since);
        }
        catch (LinuxException error)
        {
            throw HostErrors.Describe(error, "backup", since);
        }
    }

    private static string FolderOf(string path) => Path.GetDirectoryName(Path.GetFullPath(path)) ?? "/";

    private static string TextOf(BackupSummary summary, string consistency, TimeSpan took)
    {
        StringBuilder text = new();
        foreach (BackupVolume volume in summary.Volumes)
        {
            string place = volume.Partition is { } number
                ? string.Create(CultureInfo.InvariantCulture, $"partition {number}: ")
                : string.Empty;
            string label = volume.Label is null ? string.Empty : $" '{SafeText.Sentence(volume.Label)}'";
            string what = SafeText.Sentence(volume.FileSystem ?? "no known file system") + label;
            string amount = volume.Whole is null
                ? $"{HumanSize.Of(volume.Used)} of {HumanSize.Of(volume.Length)} in use"
                : $"all of its {HumanSize.Of(volume.Length)} saved ({SafeText.Sentence(volume.Whole)})";
            text.Append(place).Append(what).Append(", ").Append(amount).Append('\n');
        }

        string read = summary.Checked ? "read again and compared" : "not read again";
        return text
            .Append(CultureInfo.InvariantCulture, $"saved as {HumanSize.Of(summary.FileSize)} ")
            .Append(CultureInfo.InvariantCulture, $"in {took.TotalSeconds:0.0} s, {read}; source: {consistency}\n")
            .ToString();
    }
}
