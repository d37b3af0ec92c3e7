using System.Reflection;
using Imaged.Cli.Arguments;
using Imaged.Cli.Hosting;
using Imaged.Cli.Jobs;
using Imaged.Cli.Output;
using Imaged.Cli.Verbs;
using Imaged.Ipc.Contract;

namespace Imaged.Cli;

/// <summary>The program from arguments to exit code.</summary>
internal static class CliProgram
{
    /// <summary>Runs it.</summary>
    public static int Run(IReadOnlyList<string> arguments)
    {
        try
        {
            return RunVerb(arguments);
        }
        catch (Exception error)
        {
            Interrupts.WaitIfEnding();
            return Report(error);
        }
    }

    private static int Report(Exception error)
    {
        (string? sentence, int exitCode) = ErrorReport.Describe(error);
        if (sentence is not null)
        {
            Printer.Message(sentence);
        }

        return exitCode;
    }

    private static int RunVerb(IReadOnlyList<string> arguments)
    {
        int index = ArgumentParser.FindVerb(arguments);
        if (index < 0)
        {
            ParsedArguments options = ArgumentParser.Parse(arguments, GlobalOptions.All, "imagectl");
            return options.Has(GlobalOptions.Help)
                ? Print(HelpText.OfProgram().ToString())
                : Run(VerbTable.Default, options);
        }

        string name = arguments[index];
        List<string> rest = [.. arguments];
        rest.RemoveAt(index);
        if (name == "help")
        {
            return Help(rest);
        }

        // A verb of two words: "backup list".
        if (index < rest.Count && VerbTable.Find($"{name} {rest[index]}") is { } longer)
        {
            rest.RemoveAt(index);
            return Run(longer, ArgumentParser.Parse(rest, longer.AllOptions, $"imagectl {longer.Name}"));
        }

        Verb verb = VerbTable.Find(name) ?? throw UnknownVerb(name);
        return Run(verb, ArgumentParser.Parse(rest, verb.AllOptions, $"imagectl {verb.Name}"));
    }

    private static int Run(Verb verb, ParsedArguments arguments)
    {
        if (arguments.Has(GlobalOptions.Version))
        {
            string? version = typeof(CliProgram).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()
                ?.InformationalVersion;
            return Print($"imagectl {version?.Split('+')[0]}\n");
        }

        if (arguments.Has(GlobalOptions.Help))
        {
            return Print(HelpText.OfVerb(verb).ToString());
        }

        verb.CheckOperands(arguments);
        Printer printer = new(
            arguments.Has(GlobalOptions.Json),
            arguments.Has(GlobalOptions.Quiet),
            arguments.Has(GlobalOptions.Verbose))
        {
            Progress = arguments.Text(GlobalOptions.Progress) switch
            {
                "json" => ProgressStyle.Json,
                "none" => ProgressStyle.None,
                _ => ProgressStyle.Bar,
            },
        };
        VerbCall call = new(arguments, printer);
        return verb.IsLong ? RunJob(verb, call) : verb.Run(call);
    }

    private static int RunJob(Verb verb, VerbCall call)
    {
        using Job job = Job.Begin(verb.Name, [.. Environment.GetCommandLineArgs().Skip(1)]);

        // Also when nothing else is there to be undone: a job goes on when its terminal is lost.
        using IDisposable interrupt = Interrupts.Add(() => { });
        int exitCode;
        try
        {
            exitCode = verb.Run(call);
        }
        catch (Exception error)
        {
            Interrupts.WaitIfEnding();
            exitCode = Report(error);
        }

        job.End(exitCode == ExitCode.Done ? JobState.Done : JobState.Failed, exitCode);
        return exitCode;
    }

    private static int Help(List<string> topics)
    {
        if (topics.Count == 0)
        {
            return Print(HelpText.OfProgram().ToString());
        }

        Verb? verb = VerbTable.Find(string.Join(' ', topics.Take(2))) ?? VerbTable.Find(topics[0]);
        return Print(HelpText.OfVerb(verb ?? throw UnknownVerb(topics[0])).ToString());
    }

    private static CliException UnknownVerb(string name)
    {
        if (name is "unmount")
        {
            return new(ExitCode.Usage, "there is no verb 'unmount'; it is called umount, as in umount(8)");
        }

        string hint =
            File.Exists(name) ? $"; to see what the image is: imagectl info '{name}'" : "; see imagectl --help";
        return new(ExitCode.Usage, $"there is no verb '{name}'{hint}");
    }

    private static int Print(string text)
    {
        Printer.Write(text);
        return ExitCode.Done;
    }
}
