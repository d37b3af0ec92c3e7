using System.Text;
using Imaged.Cli.Doctor;
using Imaged.Cli.Output;
using Imaged.Ipc.Contract;

namespace Imaged.Cli.Verbs;

/// <summary><c>imagectl doctor</c>.</summary>
internal sealed class DoctorVerb : Verb
{
    public override string Name => "doctor";

    public override string Operands => string.Empty;

    public override string Summary => "check kernel, daemon, configuration; say what to do";

    public override string Description => "The exit code is 0 when there is no problem and 1 when there is one.";

    public override IReadOnlyList<string> Examples =>
        ["imagectl doctor", "imagectl doctor --json | jq '.findings[] | select(.state == \"problem\")'"];

    public override int Run(VerbCall call)
    {
        FindingsReply reply = new()
        {
            Findings = [.. HostChecks.Run(), .. DaemonChecks.Run(call.Arguments), .. BackupChecks.Run()],
        };
        if (call.Printer.Json)
        {
            Printer.WriteJson(reply, ContractJson.Default.FindingsReply);
        }
        else
        {
            Printer.Write(TextOf(reply.Findings));
        }

        return reply.Findings.Any(finding => finding.State == FindingState.Problem) ? ExitCode.Failed : ExitCode.Done;
    }

    private static StringBuilder TextOf(IReadOnlyList<Finding> findings)
    {
        TextTable table = new("state", "check", "message");
        foreach (Finding finding in findings)
        {
            string state = finding.State switch
            {
                FindingState.Fine => "fine",
                FindingState.Warning => "warning",
                FindingState.Problem => "PROBLEM",
                _ => finding.State.ToString(),
            };
            table.Add(state, SafeText.Sentence(finding.Check), SafeText.Sentence(finding.Message));
            if (finding.Remedy is not null)
            {
                table.Add(" ", " ", "-> " + SafeText.Sentence(finding.Remedy));
            }
        }

        StringBuilder text = new();
        table.Write(text, headings: false);
        return text;
    }
}
