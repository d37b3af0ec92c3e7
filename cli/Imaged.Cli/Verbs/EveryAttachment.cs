using Imaged.Cli.Arguments;
using Imaged.Cli.Hosting;
using Imaged.Cli.Output;
using Imaged.Ipc;
using Imaged.Ipc.Contract;
using Imaged.Ipc.Varlink;

namespace Imaged.Cli.Verbs;

/// <summary>The option <c>--all</c> of the verbs that undo something.</summary>
internal static class EveryAttachment
{
    /// <summary>Instead of naming one.</summary>
    public static readonly OptionSpec All = new("all", null, "all that 'imagectl list' shows");

    /// <summary>Whether all are meant rather than one that is named.</summary>
    /// <exception cref="CliException">Neither, or both.</exception>
    public static bool IsMeant(Verb verb, ParsedArguments arguments)
    {
        bool all = arguments.Has(All);
        if (all == arguments.Positional.Count > 0)
        {
            string operands = verb.Operands.Trim('[', ']');
            throw new CliException(
                ExitCode.Usage,
                all
                    ? $"{verb.Name} takes {operands} or --all, not both"
                    : $"{verb.Name} needs {operands}, or --all");
        }

        return all;
    }

    /// <summary>Undoes all that fit. What fails is told, and the others are undone all the same.</summary>
    /// <returns>The exit code: that of the first failure.</returns>
    public static int Undo(
        VerbCall call, Predicate<Attachment> fits, Func<VarlinkConnection, string, Attachment> undo, string state)
    {
        using VarlinkConnection daemon = Daemon.Connect(call.Arguments);
        List<Attachment> done = [];
        int exitCode = ExitCode.Done;
        foreach (Attachment attachment in daemon.Call(ManagerInterface.List, new()).Value.Attachments)
        {
            if (!fits(attachment))
            {
                continue;
            }

            try
            {
                done.Add(undo(daemon, attachment.Id));
                call.Printer.Explain($"{attachment.Id}: {attachment.Image} is {state}");
            }
            catch (ImagedException error) when (error.Kind == ErrorKind.NothingToDo)
            {
                // It has gone by itself meanwhile.
            }
            catch (ImagedException error)
            {
                (string? sentence, int failure) = ErrorReport.Describe(error);
                Printer.Message($"{attachment.Id}: {sentence}");
                exitCode = exitCode == ExitCode.Done ? failure : exitCode;
            }
        }

        if (call.Printer.Json)
        {
            Printer.WriteJson(new AttachmentsReply { Attachments = done }, ContractJson.Default.AttachmentsReply);
        }

        return exitCode;
    }
}
