namespace Imaged.Cli;

/// <summary>What the shell sees.</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int NothingToDo = 3;
    public const int NotFound = 4;
    public const int Refused = 5;
    public const int VerificationFailed = 6;
    public const int Unsupported = 7;
    public const int Unreachable = 69;
    public const int Interrupted = 130;

    /// <summary>Nobody reads the output any more: what a shell reports for a program that SIGPIPE ended.</summary>
    public const int BrokenPipe = 141;
}
