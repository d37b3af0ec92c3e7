using Imaged.Cli.Arguments;
using Imaged.Cli.Hosting;
using Imaged.Cli.Output;
using Imaged.Ipc.Contract;
using Imaged.Ipc.Varlink;

namespace Imaged.Cli.Verbs;

/// <summary><c>imagectl detach</c>.</summary>
internal sealed class DetachVerb : Verb
{
    public override string Name => "detach";

    public override string Operands => "[IMAGE|DEVICE|ID]";

    public override string Summary => "undo attach";

    public override IReadOnlyList<OptionSpec> Options => [EveryAttachment.All];

    public override IReadOnlyList<string> Examples => ["imagectl detach /dev/loop3", "imagectl detach disk.qcow2"];

    public override int Run(VerbCall call)
    {
        if (EveryAttachment.IsMeant(this, call.Arguments))
        {
            return EveryAttachment.Undo(
                call,
                attachment => attachment.MountPoint is null,
                (daemon, id) => daemon.Call(ManagerInterface.Detach, new() { What = id }).Value.Attachment,
                "detached");
        }

        using NamedObject named = NamedObject.Find(call.Positional(0)!);
        DetachParameters parameters = new() { What = named.Name, Object = named.Handle is null ? null : 0 };
        using VarlinkConnection daemon = Daemon.Connect(call.Arguments);

        // An open descriptor would keep it in use.
        Attachment attachment = daemon.Call(
            ManagerInterface.Detach,
            parameters,
            named.Handle is null ? [] : [named.Handle],
            closeDescriptors: true).Value.Attachment;
        if (call.Printer.Json)
        {
            Printer.WriteJson(attachment, ContractJson.Default.Attachment);
        }

        call.Printer.Explain($"{attachment.Id}: {attachment.Image} is detached");
        return ExitCode.Done;
    }
}
