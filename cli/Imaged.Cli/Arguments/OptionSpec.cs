namespace Imaged.Cli.Arguments;

/// <summary>An option of the command line.</summary>
/// <param name="Name">Long name without dashes.</param>
/// <param name="Value">What its value is called in the help; null when it takes none.</param>
/// <param name="Help">One line.</param>
internal sealed record OptionSpec(string Name, string? Value, string Help)
{
    /// <summary>One-letter name.</summary>
    public char? Short { get; init; }

    /// <summary>The values allowed; empty for any.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>Whether several values are joined with commas; otherwise the last one counts.</summary>
    public bool Joins { get; init; }

    /// <summary>Whether the value names a file, for completion.</summary>
    public bool IsFile { get; init; }

    /// <summary>As the help shows it.</summary>
    public string Display
    {
        get
        {
            string value = Choices.Count > 0 ? string.Join('|', Choices) : Value ?? string.Empty;
            string name = Short is char letter ? $"-{letter}, --{Name}" : $"    --{Name}";
            return value.Length == 0 ? name : $"{name} {value}";
        }
    }
}
