using System.Text;
using System.Text.Json;
using Imaged.Cli.Arguments;
using Imaged.Cli.Hosting;
using Imaged.Cli.Output;
using Imaged.Ipc.Contract;
using Imaged.Ipc.Varlink;
using Imaged.Linux;

namespace Imaged.Cli.Verbs;

/// <summary><c>imagectl ls</c>.</summary>
internal sealed class LsVerb : Verb
{
    public static readonly OptionSpec Long =
        new("long", null, "type, mode, owner, size, time (UTC), links") { Short = 'l' };
    public static readonly OptionSpec Recursive =
        new("recursive", null, "directories in directories, too") { Short = 'R' };

    public override string Name => "ls";

    public override string Operands => "IMAGE [PATH]";

    public override string Summary => "list the files in an image";

    public override string Description => "Names that do not print are escaped: \\xNN is a byte, \\\\ a backslash.";

    public override IReadOnlyList<OptionSpec> Options => [Long, Recursive, ImageOptions.As];

    public override bool OpensImage => true;

    public override IReadOnlyList<string> Examples =>
        ["imagectl ls debian.iso /boot", "imagectl ls -lR disk.qcow2 --partition 2 etc"];

    public override int Run(VerbCall call)
    {
        using ImageFile image = ImageFile.Open(call.Arguments);
        using WorkerProcess worker = WorkerProcess.Start(image.Directory);
        worker.Open(image, call.Arguments, call.Printer);
        ListParameters parameters = new()
        {
            Path = call.Positional(1) ?? "/",
            Recursive = call.Arguments.Has(Recursive),
        };
        bool isLong = call.Arguments.Has(Long);
        string separator = "{\"entries\":[";
        foreach (VarlinkReply<ListReply> reply in worker.Connection.CallMore(WorkerInterface.List, parameters))
        {
            if (call.Printer.Json)
            {
                WriteJson(reply.Value.Entries, ref separator);
            }
            else
            {
                Printer.Write(isLong ? LongText(reply.Value.Entries) : ShortText(reply.Value.Entries));
            }
        }

        if (call.Printer.Json)
        {
            Printer.Write((separator == "," ? string.Empty : separator) + "]}\n");
        }

        return ExitCode.Done;
    }

    private static StringBuilder ShortText(IReadOnlyList<Entry> entries)
    {
        StringBuilder text = new();
        foreach (Entry entry in entries)
        {
            text.Append(SafeText.Name(entry.Path, entry.PathBytes)).Append('\n');
        }

        return text;
    }

    private static StringBuilder LongText(IReadOnlyList<Entry> entries)
    {
        StringBuilder text = new();
        TextTable table = new("mode", ">links", ">uid", ">gid", ">size", "time", "name");
        foreach (Entry entry in entries)
        {
            table.Add(EntryText.Cells(entry));
        }

        table.Write(text, headings: false);
        return text;
    }

    // One object over all batches, whatever their number.
    private static void WriteJson(IReadOnlyList<Entry> entries, ref string separator)
    {
        using MemoryStream stream = new();
        foreach (Entry entry in entries)
        {
            stream.Write(Encoding.ASCII.GetBytes(separator));
            JsonSerializer.Serialize(stream, entry, ContractJson.Default.Entry);
            separator = ",";
        }

        StandardStream.Output.Write(stream.GetBuffer().AsSpan(0, (int)stream.Length));
    }
}
