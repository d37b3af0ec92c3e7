using System.Globalization;
using System.Text;
using Imaged.Cli.Hosting;
using Imaged.Cli.Output;
using Imaged.Ipc.Contract;

namespace Imaged.Cli.Verbs;

/// <summary><c>imagectl backup list</c>.</summary>
internal sealed class BackupListVerb : Verb
{
    public override string Name => "backup list";

    public override string Operands => "[FOLDER]";

    public override string Summary => "the backups of a folder, and what they stand on";

    public override string Description => "The exit code is 6 when one of them cannot be used.";

    public override IReadOnlyList<string> Examples => ["imagectl backup list /backup"];

    public override int Run(VerbCall call)
    {
        BackupFolder folder = BackupFolder.Read(call.Positional(0) ?? ".");
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
