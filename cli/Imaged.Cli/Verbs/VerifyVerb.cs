using System.Globalization;
using System.Text;
using Imaged.Cli.Arguments;
using Imaged.Cli.Hosting;
using Imaged.Cli.Output;
using Imaged.Ipc;
using Imaged.Ipc.Contract;
using Imaged.Ipc.Varlink;

namespace Imaged.Cli.Verbs;

/// <summary><c>imagectl verify</c>.</summary>
internal sealed class VerifyVerb : Verb
{
    private static readonly OptionSpec Against =
        new("against", "DEVICE", "compare with what a disk, partition or file holds") { IsFile = true };

    public override string Name => "verify";

    public override string Operands => "IMAGE";

    public override string Summary => "check structure and checksums, read every block";

    public override string Description => "The exit code is 0 when nothing is wrong and 6 when something is.";

    public override IReadOnlyList<OptionSpec> Options => [Against];

    public override bool OpensImage => true;

    public override bool IsLong => true;

    public override IReadOnlyList<string> Examples =>
        ["imagectl verify evidence.E01 && echo good", "imagectl verify monday.qcow2 --against /dev/sdb3"];

    public override int Run(VerbCall call)
    {
        using ImageFile image = ImageFile.Open(call.Arguments);
        using ImageFile? other =
            call.Arguments.Text(Against) is { } path ? ImageFile.Open(path) : null;
        using WorkerProcess worker = WorkerProcess.Start(image.Directory);
        List<Problem> problems = [];
        List<string> confirmed = [];
        Progress progress = new();
        try
        {
            worker.Open(image, call.Arguments, call.Printer);
            using ProgressBar bar = new(call.Printer);
            VerifyParameters parameters = new()
            {
                Against = other is null ? null : 0,
                AgainstName = other?.Path,
            };
            foreach (VarlinkReply<VerifyReply> reply in worker.Connection.CallMore(
                WorkerInterface.Verify, parameters, other is null ? [] : [other.Handle]))
            {
                problems.AddRange(reply.Value.Problems);
                confirmed.AddRange(reply.Value.Confirmed);
                progress = reply.Value.Progress;
                bar.Show(progress);
            }
        }
        catch (ImagedException error) when (error.Kind == ErrorKind.BadImage)
        {
            problems.Add(
                new() { Layer = error.Format ?? string.Empty, Offset = error.Offset, Message = error.Message });
        }

        if (call.Printer.Json)
        {
            VerifyReply all = new() { Progress = progress, Problems = problems, Confirmed = confirmed };
            Printer.WriteJson(all, ContractJson.Default.VerifyReply);
        }
        else
        {
            Printer.Write(TextOf(problems, confirmed));
        }

        return problems.Count == 0 ? ExitCode.Done : ExitCode.VerificationFailed;
    }

    private static string TextOf(List<Problem> problems, List<string> confirmed)
    {
        if (problems.Count == 0)
        {
            IEnumerable<string> right = confirmed.Select(what => $"right: {SafeText.Sentence(what)}\n");
            return string.Concat(right) + "nothing is wrong\n";
        }

        StringBuilder text = new();
        foreach (Problem problem in problems)
        {
            // Messages of formats begin with the format and end with the place themselves.
            bool complete = problem.Message.StartsWith(problem.Layer + ":", StringComparison.Ordinal);
            string place = problem.Offset is long offset
                && !problem.Message.Contains("(at byte", StringComparison.Ordinal)
                ? string.Create(CultureInfo.InvariantCulture, $" (at byte {offset})")
                : string.Empty;
            string layer = complete || problem.Layer.Length == 0 ? string.Empty : problem.Layer + ": ";
            text.Append(SafeText.Sentence(layer + problem.Message + place)).Append('\n');
        }

        return text.ToString();
    }
}
