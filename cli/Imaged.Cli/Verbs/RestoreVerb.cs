using System.Diagnostics;
using System.Globalization;
using System.Text;
using Imaged.Cli.Arguments;
using Imaged.Cli.Hosting;
using Imaged.Cli.Output;
using Imaged.Ipc;
using Imaged.Ipc.Contract;

namespace Imaged.Cli.Verbs;

/// <summary><c>imagectl restore</c>.</summary>
internal sealed class RestoreVerb : Verb
{
    public static readonly OptionSpec DryRun = new("dry-run", null, "write nothing, say what would be done");
    private static readonly OptionSpec NoCheck = new("no-check", null, "do not read back what was written");
    private static readonly OptionSpec Force =
        new("force", null, "overwrite what TARGET holds") { Short = 'f' };

    public override string Name => "restore";

    public override string Operands => "BACKUP TARGET";

    public override string Summary => "write a backup, or any image, to a disk, a partition or a file";

    public override string Description =>
        "Only what is in use is written, then read back and compared. The partition table goes last.\n"
        + "On a longer disk the backup of a GPT moves to its end.";

    public override IReadOnlyList<OptionSpec> Options => [DryRun, Force, NoCheck];

    public override bool OpensImage => true;

    public override bool IsLong => true;

    public override IReadOnlyList<string> Examples =>
        [
            "imagectl restore monday.qcow2 /dev/sdb --dry-run",
            "imagectl restore disk-backup.qcow2 /dev/sdb2 --partition 2",
        ];

    public override int Run(VerbCall call)
    {
        string name = call.Positional(1)!;
        using ImageFile image = ImageFile.Open(call.Arguments);
        using RestoreTarget target = RestoreTarget.Open(name, call.Arguments.Has(Force));
        using WorkerProcess worker = WorkerProcess.Start(image.Directory);
        worker.Open(image, call.Arguments, call.Printer);
        bool isDry = call.Arguments.Has(DryRun);
        RestoreParameters parameters = new()
        {
            Target = 0,
            Direct = target.Descriptors.Count > 1 ? 1 : null,
            Name = name,
            Check = !call.Arguments.Has(NoCheck),
            Force = call.Arguments.Has(Force),
            DryRun = isDry,
        };
        long start = Stopwatch.GetTimestamp();
        RestoreSummary summary = Write(call.Printer, worker, parameters, target);
        if (summary.Bad.Count > 0)
        {
            throw new CliException(
                ExitCode.VerificationFailed,
                $"'{name}' does not read back as it was written ({RangeText.Of(summary.Bad)}): the disk is faulty");
        }

        if (!isDry)
        {
            target.Commit();
        }

        if (call.Printer.Json)
        {
            Printer.WriteJson(summary, ContractJson.Default.RestoreSummary);
        }
        else
        {
            Printer.Write(isDry ? PlanOf(name, summary) : TextOf(summary, Stopwatch.GetElapsedTime(start)));
        }

        foreach (string warning in summary.Warnings)
        {
            call.Printer.Warn(warning);
        }

        return ExitCode.Done;
    }

    private static RestoreSummary Write(
        Printer printer, WorkerProcess worker, RestoreParameters parameters, RestoreTarget target)
    {
        try
        {
            RestoreReply reply = worker.CallLong(
                WorkerInterface.Restore, parameters, target.Descriptors, printer, reply => reply.Progress);
            return reply.Summary ?? new();
        }
        catch (ImagedException error) when (OutputFile.IsFull(error))
        {
            throw OutputFile.Full(parameters.Name, error);
        }
    }

    private static string PlanOf(string name, RestoreSummary summary)
    {
        StringBuilder text = new();
        string target = summary.TargetLength == 0
            ? "a new file"
            : $"{HumanSize.WithBytes(summary.TargetLength)}";
        text.Append(CultureInfo.InvariantCulture, $"target: {SafeText.Name(name)}, {target}\n");
        foreach (string what in summary.Holds)
        {
            text.Append("lost: ").Append(SafeText.Sentence(what)).Append('\n');
        }

        text.Append(
            CultureInfo.InvariantCulture,
            $"written: {HumanSize.Of(summary.Used)} of {HumanSize.Of(summary.Length)}\n");
        if (summary.TableMoved)
        {
            text.Append("the backup of the partition table moves to the end of the longer disk\n");
        }

        return text.Append("nothing was written: a dry run\n").ToString();
    }

    private static string TextOf(RestoreSummary summary, TimeSpan took)
    {
        string read = summary.Checked ? "read back and compared" : "not read back";
        string moved =
            summary.TableMoved ? "the backup of the partition table moved to the end of the disk\n" : string.Empty;
        string amount = $"{HumanSize.Of(summary.Used)} of {HumanSize.Of(summary.Length)}";
        return moved
            + string.Create(CultureInfo.InvariantCulture, $"restored {amount} in {took.TotalSeconds:0.0} s, {read}\n");
    }
}
