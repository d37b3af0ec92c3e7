using Imaged.Cli.Arguments;
using Imaged.Cli.Output;

namespace Imaged.Cli.Verbs;

/// <summary>What a verb is asked to do.</summary>
/// <param name="Arguments">Options, and what is no option.</param>
/// <param name="Printer">Where results and messages go.</param>
internal sealed record VerbCall(ParsedArguments Arguments, Printer Printer)
{
    /// <summary>An argument that is no option; null when it was left out.</summary>
    public string? Positional(int index) =>
        index < Arguments.Positional.Count ? Arguments.Positional[index] : null;
}

/// <summary>A verb of the command line.</summary>
internal abstract class Verb
{
    /// <summary>As it is typed.</summary>
    public abstract string Name { get; }

    /// <summary>What it takes, for the help: capital words, those in brackets may be left out, one with dots stands for
    /// any number of them.</summary>
    public abstract string Operands { get; }

    /// <summary>One line for the list of verbs.</summary>
    public abstract string Summary { get; }

    /// <summary>A few lines more for its own help; may be empty.</summary>
    public virtual string Description => string.Empty;

    /// <summary>Its own options.</summary>
    public virtual IReadOnlyList<OptionSpec> Options => [];

    /// <summary>Whether it takes the options that say how to open an image.</summary>
    public virtual bool OpensImage => false;

    /// <summary>Whether it may take long: it is a job then.</summary>
    public virtual bool IsLong => false;

    /// <summary>Whether it is for units and scripts: the help of the program leaves it out.</summary>
    public virtual bool IsForUnits => false;

    /// <summary>One or more lines, as typed.</summary>
    public abstract IReadOnlyList<string> Examples { get; }

    /// <summary>All options it takes.</summary>
    public IReadOnlyList<OptionSpec> AllOptions =>
        [
            .. Options,
            .. IsLong ? [GlobalOptions.Progress] : Array.Empty<OptionSpec>(),
            .. OpensImage ? ImageOptions.All : [],
            .. GlobalOptions.All,
        ];

    /// <summary>Does it.</summary>
    /// <returns>The exit code.</returns>
    public abstract int Run(VerbCall call);

    /// <summary>Refuses too few or too many operands.</summary>
    public void CheckOperands(ParsedArguments arguments)
    {
        string[] words = Operands.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        int required = words.Count(word => !word.StartsWith('['));
        if (arguments.Positional.Count < required)
        {
            string missing = words[arguments.Positional.Count].TrimEnd('.');
            throw new CliException(
                ExitCode.Usage, $"{Name} needs {missing}; usage: imagectl {Name} {Operands}");
        }

        if (arguments.Positional.Count > words.Length && !Operands.EndsWith("...", StringComparison.Ordinal))
        {
            string extra = arguments.Positional[words.Length];
            throw new CliException(
                ExitCode.Usage,
                $"{Name} does not know what to do with '{extra}'; usage: imagectl {Name} {Operands}".TrimEnd());
        }
    }
}
