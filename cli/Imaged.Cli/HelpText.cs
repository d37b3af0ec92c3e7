using System.Text;
using Imaged.Cli.Arguments;
using Imaged.Cli.Output;
using Imaged.Cli.Verbs;

namespace Imaged.Cli;

/// <summary>What <c>--help</c> prints: a screen at most.</summary>
internal static class HelpText
{
    /// <summary>The program.</summary>
    public static StringBuilder OfProgram()
    {
        StringBuilder text =
            new("usage: imagectl [OPTIONS] VERB [ARGUMENTS]\nDisk images: look inside, mount, convert.\n\n");
        TextTable verbs = new("verb", "operands", "summary");
        foreach (Verb verb in VerbTable.All.Where(verb => !verb.IsForUnits && !verb.Name.Contains(' ')))
        {
            verbs.Add(verb.Name, verb.Operands.Length == 0 ? " " : verb.Operands, verb.Summary);
        }

        verbs.Write(text, "  ", headings: false);
        text.Append("\noptions of every verb:\n");
        Write(text, GlobalOptions.All);
        return text.Append("'imagectl VERB --help' says more; see also imagectl(1).\n");
    }

    /// <summary>One verb.</summary>
    public static StringBuilder OfVerb(Verb verb)
    {
        StringBuilder text = new($"usage: imagectl {verb.Name} [OPTIONS] {verb.Operands}".TrimEnd() + "\n\n");
        text.Append(char.ToUpperInvariant(verb.Summary[0])).Append(verb.Summary.AsSpan(1)).Append(".\n");
        if (verb.Description.Length > 0)
        {
            text.Append(verb.Description).Append('\n');
        }

        text.Append('\n');
        Write(text, [.. verb.Options, .. verb.OpensImage ? ImageOptions.All : []]);
        text.Append("  also: --json, --socket PATH, -q, -v\n\n");
        foreach (string example in verb.Examples)
        {
            text.Append("  $ ").Append(example).Append('\n');
        }

        // Verbs of two words stand with the one that they begin with.
        string prefix = verb.Name + " ";
        string[] longer =
            [.. VerbTable.All.Select(v => v.Name).Where(name => name.StartsWith(prefix, StringComparison.Ordinal))];
        if (longer.Length > 0)
        {
            text.Append("see also: imagectl ").AppendJoin(", ", longer).Append('\n');
        }

        return text;
    }

    private static void Write(StringBuilder text, IReadOnlyList<OptionSpec> options)
    {
        TextTable table = new("option", "help");
        foreach (OptionSpec option in options)
        {
            table.Add(option.Display, option.Help);
        }

        table.Write(text, "  ", headings: false);
    }
}
