using Imaged.Cli.Arguments;
using Imaged.Cli.Hosting;
using Imaged.Cli.Output;
using Imaged.Ipc.Contract;
using Imaged.Ipc.Varlink;

namespace Imaged.Cli.Verbs;

/// <summary><c>imagectl attach</c>.</summary>
internal sealed class AttachVerb : Verb
{
    public static readonly OptionSpec Via =
        new("via", "V", "how: the cheapest way, loop device only, FUSE") { Choices = ["auto", "loop", "fuse"] };

    public override string Name => "attach";

    public override string Operands => "IMAGE";

    public override string Summary => "make a block device of an image, print it";

    public override IReadOnlyList<OptionSpec> Options => [Via];

    public override bool OpensImage => true;

    public override IReadOnlyList<string> Examples =>
        ["imagectl attach disk.qcow2", "imagectl attach disk.vdi --partition 2"];

    public override int Run(VerbCall call)
    {
        using ImageFile image = ImageFile.Open(call.Arguments);
        using ImageRequest request = new(image, call.Arguments);
        AttachParameters parameters = new()
        {
            Image = request.Image,
            Directory = request.Directory,
            Path = request.Path,
            Options = request.Options,
            Via = ViaOf(call.Arguments),
        };
        using VarlinkConnection daemon = Daemon.Connect(call.Arguments);
        Attachment attachment = daemon.Call(ManagerInterface.Attach, parameters, request.Descriptors).Value.Attachment;
        if (call.Printer.Json)
        {
            Printer.WriteJson(attachment, ContractJson.Default.Attachment);
            return ExitCode.Done;
        }

        Printer.Write(SafeText.Sentence(attachment.Device ?? attachment.Id) + "\n");
        call.Printer.Explain(AttachmentText.Explain(attachment));
        return ExitCode.Done;
    }

    internal static AttachVia ViaOf(ParsedArguments arguments) => arguments.Text(Via) switch
    {
        null or "auto" => AttachVia.Auto,
        "loop" => AttachVia.Loop,
        _ => AttachVia.Fuse,
    };
}
