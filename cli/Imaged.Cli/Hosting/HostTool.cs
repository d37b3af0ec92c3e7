using System.Globalization;
using Imaged.Linux;

namespace Imaged.Cli.Hosting;

/// <summary>A program of the host that is run for what imaged does not do itself.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Package">The Debian package that has it.</param>
internal sealed record HostTool(string Name, string Package)
{
    private const int MaxMessage = 600;

    /// <summary>Its path; null when it is not installed.</summary>
    public string? Path => HostCommand.Find(Name);

    /// <summary>Runs it and waits for its end. It is killed when imagectl is interrupted.</summary>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="lastGood">The highest exit code that is no failure.</param>
    /// <exception cref="CliException">It is missing, or failed.</exception>
    public void Run(IReadOnlyList<string> arguments, int lastGood = 0)
    {
        string path = Path ?? throw new CliException(
            ExitCode.Failed, $"there is no {Name} (Debian package {Package})");
        HostCommandResult result =
            HostCommand.Run(path, arguments, -1, process => Interrupts.Add(process.Kill));
        if (result.ExitCode < 0 || result.ExitCode > lastGood)
        {
            string how = result.ExitCode < 0
                ? "was killed"
                : string.Create(CultureInfo.InvariantCulture, $"returned {result.ExitCode}");
            throw new CliException(ExitCode.Failed, $"{Name} {how}{Said(result.Error)}");
        }
    }

    // What it said last is what ended it.
    private static string Said(string error)
    {
        string[] lines = error[Math.Max(0, error.Length - MaxMessage)..]
            .Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return lines.Length == 0 ? string.Empty : ": " + string.Join(", ", lines);
    }
}
