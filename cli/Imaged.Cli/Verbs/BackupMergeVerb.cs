using Imaged.Cli.Hosting;
using Imaged.Cli.Output;
using Imaged.Ipc.Contract;
using Imaged.Ipc.Varlink;

namespace Imaged.Cli.Verbs;

/// <summary><c>imagectl backup merge</c>.</summary>
internal sealed class BackupMergeVerb : Verb
{
    public override string Name => "backup merge";

    public override string Operands => "BACKUP";

    public override string Summary => "make a backup whole, so that it needs no other";

    public override string Description =>
        "It is written anew with what it shows, compared, and takes its own place when it is\n"
        + "complete. Backups that stand on it go on doing so.";

    public override bool OpensImage => true;

    public override bool IsForUnits => true;

    public override IReadOnlyList<string> Examples => ["imagectl backup merge /backup/data-friday.qcow2"];

    /// <summary>Writes a backup anew.</summary>
    public static BackupSummary Merge(VerbCall call, ImageFile image)
    {
        using WorkerProcess worker = WorkerProcess.Start(image.Directory);
        worker.Open(image, call.Arguments, call.Printer);
        using OutputFile output = OutputFile.Create(image.RealPath, replace: true);
        BackupSummary summary = new();
        using ProgressBar bar = new(call.Printer);
        BackupParameters parameters = new() { Output = 0, Merge = true };
        foreach (VarlinkReply<BackupReply> reply in
            worker.Connection.CallMore(WorkerInterface.Backup, parameters, [output.Handle]))
        {
            summary = reply.Value.Summary ?? summary;
            bar.Show(reply.Value.Progress);
        }

        if (summary.Bad.Count > 0)
        {
            throw new CliException(
                ExitCode.VerificationFailed,
                $"what was written does not read back right ({RangeText.Of(summary.Bad)}); "
                + $"'{image.Path}' is as it was");
        }

        output.Commit();
        return summary;
    }

    public override int Run(VerbCall call)
    {
        using ImageFile image = ImageFile.Open(call.Arguments);
        BackupSummary summary = Merge(call, image);
        if (call.Printer.Json)
        {
            Printer.WriteJson(summary, ContractJson.Default.BackupSummary);
        }
        else
        {
            Printer.Write($"'{image.Path}' is whole now: {HumanSize.Of(summary.FileSize)}\n");
        }

        return ExitCode.Done;
    }
}
