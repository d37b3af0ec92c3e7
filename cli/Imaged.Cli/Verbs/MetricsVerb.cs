using System.Globalization;
using System.Text;
using Imaged.Cli.Arguments;
using Imaged.Cli.Hosting;
using Imaged.Cli.Jobs;
using Imaged.Cli.Output;
using Imaged.Ipc.Contract;
using Imaged.Ipc.Varlink;
using Imaged.Linux;

namespace Imaged.Cli.Verbs;

/// <summary><c>imagectl metrics</c>.</summary>
internal sealed class MetricsVerb : Verb
{
    private static readonly OptionSpec Output =
        new("output", "FILE", "write to a file, which is always whole") { IsFile = true };

    public override string Name => "metrics";

    public override string Operands => string.Empty;

    public override string Summary => "print counters of daemon and jobs for Prometheus";

    public override string Description => "For root. In the text format that node_exporter reads from files.";

    public override IReadOnlyList<OptionSpec> Options => [Output];

    public override bool IsForUnits => true;

    public override IReadOnlyList<string> Examples =>
        ["imagectl metrics --output /var/lib/prometheus/node-exporter/imaged.prom"];

    public override int Run(VerbCall call)
    {
        using VarlinkConnection daemon = Daemon.Connect(call.Arguments);
        MetricsReply reply = daemon.Call(ManagerInterface.Metrics, new()).Value;
        reply.Text += JobMetrics();
        if (call.Arguments.Text(Output) is { } path)
        {
            using OutputFile file = OutputFile.Create(path, replace: true);
            StandardStream.Write(file.Handle, Encoding.UTF8.GetBytes(reply.Text));
            file.Commit();
        }
        else if (call.Printer.Json)
        {
            Printer.WriteJson(reply, ContractJson.Default.MetricsReply);
        }
        else
        {
            Printer.Write(reply.Text);
        }

        return ExitCode.Done;
    }

    // Jobs are no business of the daemon: it need not even run for them.
    private static string JobMetrics()
    {
        ILookup<JobState, JobRecord> jobs =
            JobFolder.All.SelectMany(folder => folder.Read()).ToLookup(job => job.State);
        StringBuilder text = new(
            "# HELP imaged_jobs Long actions that run, and the last ones that ended.\n# TYPE imaged_jobs gauge\n");
        foreach (JobState state in Enum.GetValues<JobState>())
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"imaged_jobs{{state=\"{state.ToString().ToLowerInvariant()}\"}} {jobs[state].Count()}\n");
        }

        return text.ToString();
    }
}
