using System.Globalization;
using Imaged.Cli.Hosting;
using Imaged.Cli.Output;
using Imaged.Ipc.Contract;
using Imaged.Ipc.Varlink;

namespace Imaged.Cli.Verbs;

/// <summary><c>imagectl monitor</c>.</summary>
internal sealed class MonitorVerb : Verb
{
    public override string Name => "monitor";

    public override string Operands => string.Empty;

    public override string Summary => "print what happens to attachments, as it happens";

    public override string Description => "One line each, until Ctrl-C; with --json an object a line.";

    public override IReadOnlyList<string> Examples =>
        ["imagectl monitor", "imagectl monitor --json | jq -r 'select(.kind == \"givenUp\").attachment.image'"];

    public override int Run(VerbCall call)
    {
        using VarlinkConnection daemon = Daemon.Connect(call.Arguments);
        foreach (VarlinkReply<MonitorReply> reply in daemon.CallMore(ManagerInterface.Monitor, new()))
        {
            using (reply)
            {
                if (reply.Value.Event is not { } news)
                {
                    call.Printer.Explain("listening");
                }
                else if (call.Printer.Json)
                {
                    Printer.WriteJson(news, ContractJson.Default.Event);
                }
                else
                {
                    Printer.Write(TextOf(news));
                }
            }
        }

        return ExitCode.Done;
    }

    private static string TextOf(Event news)
    {
        string kind = news.Kind switch
        {
            EventKind.Attached => "attached",
            EventKind.Detached => "detached",
            EventKind.WorkerLost => "worker lost",
            EventKind.WorkerReplaced => "worker replaced",
            EventKind.GivenUp => "GIVEN UP",
            EventKind.Refused => "refused",
            _ => news.Kind.ToString(),
        };
        string time = DateTimeOffset.FromUnixTimeMilliseconds(news.Time)
            .ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        string what = news.Attachment is { } attachment
            ? $"{SafeText.Sentence(attachment.Id)} {SafeText.Name(attachment.Image)}: "
            : string.Empty;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{time} {kind,-15} uid {news.Owner} {what}{SafeText.Sentence(news.Message)}\n");
    }
}
