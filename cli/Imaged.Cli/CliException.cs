namespace Imaged.Cli;

/// <summary>An error that has its sentence and exit code already.</summary>
internal sealed class CliException(int exitCode, string message) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}
