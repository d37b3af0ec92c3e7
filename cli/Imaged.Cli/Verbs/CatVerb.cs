using Imaged.Cli.Arguments;
using Imaged.Cli.Hosting;
using Imaged.Ipc.Contract;
using Imaged.Linux;

namespace Imaged.Cli.Verbs;

/// <summary><c>imagectl cat</c>.</summary>
internal sealed class CatVerb : Verb
{
    public override string Name => "cat";

    public override string Operands => "IMAGE PATH";

    public override string Summary => "print a file in an image";

    public override IReadOnlyList<OptionSpec> Options => [ImageOptions.As];

    public override bool OpensImage => true;

    public override IReadOnlyList<string> Examples => ["imagectl cat debian.iso .disk/info"];

    public override int Run(VerbCall call)
    {
        using ImageFile image = ImageFile.Open(call.Arguments);
        using WorkerProcess worker = WorkerProcess.Start(image.Directory);
        worker.Open(image, call.Arguments, call.Printer);
        CatParameters parameters = new() { Path = call.Positional(1)!, Output = 0 };
        worker.Connection.Call(WorkerInterface.Cat, parameters, [StandardStream.Output.Handle]).Dispose();
        return ExitCode.Done;
    }
}
