using System.Runtime.InteropServices;
using Imaged.Cli.Arguments;
using Imaged.Cli.Hosting;
using Imaged.Cli.Output;
using Imaged.Ipc;
using Imaged.Ipc.Contract;
using Imaged.Linux;

namespace Imaged.Cli.Verbs;

/// <summary><c>imagectl convert</c>.</summary>
internal sealed class ConvertVerb : Verb
{
    public static readonly OptionSpec To = new("to", "F", "format to write; else by the name of OUT");
    public static readonly OptionSpec Force = new("force", null, "replace OUT if it exists") { Short = 'f' };

    private static readonly string[] RawExtensions = ["", ".raw", ".img", ".iso", ".dd", ".bin", ".ima", ".hdd"];

    public override string Name => "convert";

    public override string Operands => "IMAGE OUT";

    public override string Summary => "write an image in another format";

    public override string Description =>
        "Holes stay holes. OUT appears when it is complete and on the disk; - is standard output.";

    public override IReadOnlyList<OptionSpec> Options => [To, Force];

    public override bool OpensImage => true;

    public override bool IsLong => true;

    public override IReadOnlyList<string> Examples =>
        [
            "imagectl convert game.nrg game.iso",
            "imagectl convert album.nrg album.cue",
            "imagectl convert disk.vmdk --partition 1 - | sha256sum",
        ];

    public override int Run(VerbCall call)
    {
        string output = call.Positional(1)!;
        string format = call.Arguments.Text(To) ?? FormatOf(output);
        using ImageFile image = ImageFile.Open(call.Arguments);
        using WorkerProcess worker = WorkerProcess.Start(image.Directory);
        worker.Open(image, call.Arguments, call.Printer);
        if (output == "-")
        {
            Convert(call.Printer, worker, format, string.Empty, [StandardStream.Output.Handle]);
            return ExitCode.Done;
        }

        NameOutputsParameters naming = new() { Format = format, Name = Path.GetFileName(output) };
        IReadOnlyList<string> names = worker.Connection.Call(WorkerInterface.NameOutputs, naming).Value.Names;
        string folder = Path.GetDirectoryName(output) ?? "/";
        List<OutputFile> files = [];
        ConvertReply last;
        try
        {
            foreach (string name in names)
            {
                // The names come from the worker, which reads images: they stay in the folder that the user named.
                string path = files.Count == 0 ? output : Path.Combine(folder, Path.GetFileName(name));
                files.Add(OutputFile.Create(path, call.Arguments.Has(Force)));
            }

            last = Convert(call.Printer, worker, format, naming.Name, [.. files.Select(file => file.Handle)]);

            // The first one refers to the others, so it comes last.
            for (int i = files.Count - 1; i >= 0; i--)
            {
                files[i].Commit();
            }
        }
        catch (ImagedException error) when (OutputFile.IsFull(error))
        {
            throw OutputFile.Full(output, error);
        }
        finally
        {
            files.ForEach(file => file.Dispose());
        }

        if (call.Printer.Json)
        {
            Printer.WriteJson(last, ContractJson.Default.ConvertReply);
        }

        return ExitCode.Done;
    }

    /// <summary>The format that a file name asks for.</summary>
    internal static string FormatOf(string output)
    {
        string extension = output == "-" ? string.Empty : Path.GetExtension(output).ToLowerInvariant();
        return RawExtensions.Contains(extension) ? "raw" : extension[1..];
    }

    private static ConvertReply Convert(
        Printer printer, WorkerProcess worker, string format, string name, IReadOnlyList<SafeHandle> outputs)
    {
        ConvertParameters parameters =
            new() { Format = format, Name = name, Outputs = [.. Enumerable.Range(0, outputs.Count)] };
        return worker.CallLong(WorkerInterface.Convert, parameters, outputs, printer, reply => reply.Progress);
    }
}
