using Imaged.Cli.Hosting;
using Imaged.Cli.Output;
using Imaged.Ipc.Contract;
using Microsoft.Win32.SafeHandles;

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

    public override bool IsLong => true;

    public override IReadOnlyList<string> Examples => ["imagectl backup merge /backup/data-friday.qcow2"];

    /// <summary>Writes a backup anew.</summary>
    public static BackupSummary Merge(VerbCall call, ImageFile image)
    {
        using WorkerProcess worker = WorkerProcess.Start(image.Directory);
        worker.Open(image, call.Arguments, call.Printer);
        using OutputFile output = OutputFile.Create(image.RealPath, replace: true, isPrivate: true);
        return BackupWriter.Write(
            worker, new() { Output = 0, Merge = true }, output, image.Path, [], call.Printer);
    }

    public override int Run(VerbCall call)
    {
        using ImageFile image = ImageFile.Open(call.Arguments);
        using SafeFileHandle folder =
            BackupLock.Take(Path.GetDirectoryName(image.RealPath) ?? "/", isShared: false);
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
