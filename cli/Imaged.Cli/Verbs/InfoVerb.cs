using Imaged.Cli.Hosting;
using Imaged.Cli.Output;
using Imaged.Ipc.Contract;

namespace Imaged.Cli.Verbs;

/// <summary><c>imagectl info</c>.</summary>
internal sealed class InfoVerb : Verb
{
    public override string Name => "info";

    public override string Operands => "IMAGE";

    public override string Summary => "what an image is: formats, partitions, file systems";

    public override bool OpensImage => true;

    public override IReadOnlyList<string> Examples =>
        ["imagectl info debian.iso", "imagectl --json info disk.vmdk | jq .partitionTable"];

    public override int Run(VerbCall call)
    {
        using ImageFile image = ImageFile.Open(call.Arguments);
        using WorkerProcess worker = WorkerProcess.Start(image.Directory);
        ImageInfo info = worker.Open(image, call.Arguments, call.Printer);
        if (call.Printer.Json)
        {
            Printer.WriteJson(info, ContractJson.Default.ImageInfo);
        }
        else
        {
            Printer.Write(InfoText.Of(info));
        }

        return ExitCode.Done;
    }
}
