using System.Globalization;

namespace Imaged.Cli.Arguments;

/// <summary>The arguments of a verb, sorted.</summary>
internal sealed class ParsedArguments
{
    private readonly Dictionary<OptionSpec, string> _options = [];

    /// <summary>What is no option, in order.</summary>
    public List<string> Positional { get; } = [];

    public bool Has(OptionSpec option) => _options.ContainsKey(option);

    public string? Text(OptionSpec option) => _options.GetValueOrDefault(option);

    public int? Number(OptionSpec option, int lowest, int highest)
    {
        if (Text(option) is not string text)
        {
            return null;
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            && number >= lowest && number <= highest
            ? number
            : throw new CliException(
                ExitCode.Usage, $"--{option.Name} is a number from {lowest} to {highest}, not '{text}'");
    }

    /// <summary>A byte count; K, M, G and T count by 1024.</summary>
    public long? Bytes(OptionSpec option)
    {
        if (Text(option) is not string text)
        {
            return null;
        }

        return TryParseBytes(text, out long bytes)
            ? bytes
            : throw new CliException(
                ExitCode.Usage, $"--{option.Name} is a number of bytes such as 32768, 32K or 4G, not '{text}'");
    }

    /// <summary>Reads a byte count; K, M, G and T count by 1024.</summary>
    public static bool TryParseBytes(string text, out long bytes)
    {
        int shift = (text.Length == 0 ? '0' : char.ToUpperInvariant(text[^1])) switch
        {
            'K' => 10,
            'M' => 20,
            'G' => 30,
            'T' => 40,
            _ => 0,
        };
        string digits = shift == 0 ? text : text[..^1];
        bool isNumber = long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out bytes)
            && bytes <= long.MaxValue >> shift;
        bytes = isNumber ? bytes << shift : 0;
        return isNumber;
    }

    internal void Add(OptionSpec option, string value)
    {
        if (option.Choices.Count > 0 && !option.Choices.Contains(value))
        {
            throw new CliException(
                ExitCode.Usage, $"--{option.Name} is one of {string.Join(", ", option.Choices)}, not '{value}'");
        }

        _options[option] =
            option.Joins && _options.TryGetValue(option, out string? before) ? before + "," + value : value;
    }
}
