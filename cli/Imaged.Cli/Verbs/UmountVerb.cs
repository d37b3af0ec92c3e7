using Imaged.Cli.Arguments;
using Imaged.Cli.Hosting;
using Imaged.Cli.Output;
using Imaged.Ipc.Contract;
using Imaged.Ipc.Varlink;

namespace Imaged.Cli.Verbs;

/// <summary><c>imagectl umount</c>.</summary>
internal sealed class UmountVerb : Verb
{
    public static readonly OptionSpec Lazy =
        new("lazy", null, "hide it now, undo it when nobody uses it any more") { Short = 'l' };

    public override string Name => "umount";

    public override string Operands => "[DIR|IMAGE|ID]";

    public override string Summary => "undo mount";

    public override IReadOnlyList<OptionSpec> Options => [Lazy, EveryAttachment.All];

    public override IReadOnlyList<string> Examples => ["imagectl umount debian.iso", "imagectl umount /mnt"];

    public override int Run(VerbCall call)
    {
        if (EveryAttachment.IsMeant(this, call.Arguments))
        {
            bool lazy = call.Arguments.Has(Lazy);
            return EveryAttachment.Undo(
                call,
                attachment => attachment.MountPoint is not null,
                (daemon, id) =>
                    daemon.Call(ManagerInterface.Unmount, new() { What = id, Lazy = lazy }).Value.Attachment,
                "unmounted");
        }

        Attachment attachment = Unmount(call.Arguments);
        if (call.Printer.Json)
        {
            Printer.WriteJson(attachment, ContractJson.Default.Attachment);
        }

        call.Printer.Explain($"{attachment.Id}: {attachment.Image} is unmounted");
        return ExitCode.Done;
    }

    /// <summary>Has something unmounted.</summary>
    /// <param name="arguments">What, and options.</param>
    internal static Attachment Unmount(ParsedArguments arguments)
    {
        using NamedObject named = NamedObject.Find(arguments.Positional[0]);
        UnmountParameters parameters = new()
        {
            What = named.Name,
            Object = named.Handle is null ? null : 0,
            Lazy = arguments.Has(Lazy),
        };
        using VarlinkConnection daemon = Daemon.Connect(arguments);

        // An open descriptor would keep it in use.
        return daemon.Call(
            ManagerInterface.Unmount,
            parameters,
            named.Handle is null ? [] : [named.Handle],
            closeDescriptors: true).Value.Attachment;
    }
}
