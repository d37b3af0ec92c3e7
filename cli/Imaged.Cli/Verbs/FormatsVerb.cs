using System.Text;
using Imaged.Cli.Hosting;
using Imaged.Cli.Output;
using Imaged.Ipc.Contract;

namespace Imaged.Cli.Verbs;

/// <summary><c>imagectl formats</c>.</summary>
internal sealed class FormatsVerb : Verb
{
    public override string Name => "formats";

    public override string Operands => string.Empty;

    public override string Summary => "every format and file system known";

    public override IReadOnlyList<string> Examples => ["imagectl formats"];

    public override int Run(VerbCall call)
    {
        using WorkerProcess worker = WorkerProcess.Start();
        FormatsReply reply = worker.Connection.Call(WorkerInterface.Formats, new()).Value;
        if (call.Printer.Json)
        {
            Printer.WriteJson(reply, ContractJson.Default.FormatsReply);
        }
        else
        {
            Printer.Write(TextOf(reply));
        }

        return ExitCode.Done;
    }

    private static StringBuilder TextOf(FormatsReply reply)
    {
        StringBuilder text = new();
        TextTable formats = new("FORMAT", "ABILITIES", "EXTENSIONS", "NAME");
        foreach (FormatRow row in reply.Formats)
        {
            formats.Add(row.Id, string.Join(' ', row.Abilities), string.Join(' ', row.Extensions), row.Title);
        }

        formats.Write(text);
        TextTable fileSystems = new("FILE SYSTEM", "ABILITIES", "NAME");
        foreach (FileSystemRow row in reply.FileSystems)
        {
            fileSystems.Add(row.Id, row.Readable ? "read" : "recognise", row.Title);
        }

        text.Append('\n');
        fileSystems.Write(text);
        return text.Append("\nPARTITION TABLES\n").AppendJoin(' ', reply.PartitionTables).Append('\n');
    }
}
