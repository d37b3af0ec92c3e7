using Imaged.Cli.Hosting;
using Imaged.Cli.Output;
using Imaged.Ipc.Contract;
using Imaged.Ipc.Varlink;

namespace Imaged.Cli.Verbs;

/// <summary><c>imagectl list</c>.</summary>
internal sealed class ListVerb : Verb
{
    public override string Name => "list";

    public override string Operands => string.Empty;

    public override string Summary => "what is attached and mounted (also with no verb)";

    public override IReadOnlyList<string> Examples =>
        ["imagectl", "imagectl --json list | jq -r '.attachments[].mountPoint'"];

    public override int Run(VerbCall call)
    {
        using VarlinkConnection daemon = Daemon.Connect(call.Arguments);
        AttachmentsReply reply = daemon.Call(ManagerInterface.List, new()).Value;
        if (call.Printer.Json)
        {
            Printer.WriteJson(reply, ContractJson.Default.AttachmentsReply);
        }
        else
        {
            Printer.Write(AttachmentText.Table(reply.Attachments));
        }

        return ExitCode.Done;
    }
}
