namespace Imaged.Cli.Arguments;

/// <summary>Sorts arguments into options and the rest, as GNU programs do: options anywhere before <c>--</c>,
/// <c>--name=value</c> or <c>--name value</c>, one-letter options joined.</summary>
internal static class ArgumentParser
{
    /// <summary>Sorts the arguments.</summary>
    /// <param name="arguments">As the shell gave them.</param>
    /// <param name="options">Those that are known.</param>
    /// <param name="name">The program, or the program and verb, for messages.</param>
    /// <exception cref="CliException">An argument makes no sense.</exception>
    public static ParsedArguments Parse(
        IReadOnlyList<string> arguments, IReadOnlyList<OptionSpec> options, string name)
    {
        ParsedArguments parsed = new();
        int index = 0;
        while (index < arguments.Count)
        {
            string argument = arguments[index++];
            if (argument == "--")
            {
                parsed.Positional.AddRange(arguments.Skip(index));
                break;
            }

            if (argument.StartsWith("--", StringComparison.Ordinal))
            {
                ParseLong(parsed, argument, arguments, ref index, options, name);
            }
            else if (argument.Length > 1 && argument[0] == '-')
            {
                ParseShort(parsed, argument, arguments, ref index, options, name);
            }
            else
            {
                parsed.Positional.Add(argument);
            }
        }

        return parsed;
    }

    /// <summary>The index of the verb: the first argument that is neither an option nor the value of a global one; -1
    /// when there is none.</summary>
    public static int FindVerb(IReadOnlyList<string> arguments)
    {
        for (int i = 0; i < arguments.Count; i++)
        {
            if (arguments[i] == "--")
            {
                return -1;
            }

            if (arguments[i] == "--" + GlobalOptions.Socket.Name)
            {
                i++;
            }
            else if (!arguments[i].StartsWith('-'))
            {
                return i;
            }
        }

        return -1;
    }

    private static void ParseLong(
        ParsedArguments parsed,
        string argument,
        IReadOnlyList<string> arguments,
        ref int index,
        IReadOnlyList<OptionSpec> options,
        string name)
    {
        int equals = argument.IndexOf('=', StringComparison.Ordinal);
        string optionName = equals < 0 ? argument[2..] : argument[2..equals];
        OptionSpec option = options.FirstOrDefault(item => item.Name == optionName)
            ?? throw Unknown("--" + optionName, name);
        if (option.Value is null)
        {
            if (equals >= 0)
            {
                throw new CliException(ExitCode.Usage, $"--{option.Name} takes no value");
            }

            parsed.Add(option, string.Empty);
            return;
        }

        parsed.Add(option, equals < 0 ? Next(arguments, ref index, "--" + optionName) : argument[(equals + 1)..]);
    }

    private static void ParseShort(
        ParsedArguments parsed,
        string argument,
        IReadOnlyList<string> arguments,
        ref int index,
        IReadOnlyList<OptionSpec> options,
        string name)
    {
        for (int i = 1; i < argument.Length; i++)
        {
            char letter = argument[i];
            OptionSpec option =
                options.FirstOrDefault(item => item.Short == letter) ?? throw Unknown("-" + letter, name);
            if (option.Value is not null)
            {
                string rest = argument[(i + 1)..];
                parsed.Add(option, rest.Length > 0 ? rest : Next(arguments, ref index, "-" + letter));
                return;
            }

            parsed.Add(option, string.Empty);
        }
    }

    private static string Next(IReadOnlyList<string> arguments, ref int index, string option) =>
        index < arguments.Count
            ? arguments[index++]
            : throw new CliException(ExitCode.Usage, $"{option} needs a value");

    private static CliException Unknown(string option, string name) =>
        new(ExitCode.Usage, $"unknown option '{option}'; '{name} --help' lists those that there are");
}
