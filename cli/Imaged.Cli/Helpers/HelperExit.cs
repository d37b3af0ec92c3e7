using Imaged.Cli.Arguments;
using Imaged.Cli.Hosting;
using Imaged.Cli.Output;

namespace Imaged.Cli.Helpers;

/// <summary>What the helpers of mount(8) and umount(8) share: options without a meaning here, and the exit status
/// (mount(8), Exit status).</summary>
internal static class HelperExit
{
    /// <summary>There is no <c>/etc/mtab</c> to write to.</summary>
    public static readonly OptionSpec NoTable = new("no-mtab", null, "as without it") { Short = 'n' };

    /// <summary>Another mount namespace.</summary>
    public static readonly OptionSpec Namespace = new("namespace", "NS", "refused") { Short = 'N' };

    /// <summary>Nothing more is said.</summary>
    public static readonly OptionSpec Verbose = new("verbose", null, "as without it") { Short = 'v' };

    private const int Done = 0;
    private const int Usage = 1;
    private const int System = 2;
    private const int Interrupted = 8;
    private const int Failure = 32;

    /// <summary>Does something; what goes wrong is told on standard error.</summary>
    public static int Guard(Action action)
    {
        try
        {
            action();
            return Done;
        }
        catch (Exception error)
        {
            Interrupts.WaitIfEnding();
            (string? sentence, int exitCode) = ErrorReport.Describe(error);
            if (sentence is not null)
            {
                Printer.Message(sentence);
            }

            return exitCode switch
            {
                ExitCode.Usage or ExitCode.Refused => Usage,
                ExitCode.Unreachable => System,
                ExitCode.Interrupted => Interrupted,
                _ => Failure,
            };
        }
    }

    /// <summary>The daemon mounts where it lives.</summary>
    public static void RefuseNamespace(ParsedArguments call)
    {
        if (call.Has(Namespace))
        {
            throw new CliException(ExitCode.Usage, "imaged mounts in its own mount namespace only; leave -N out");
        }
    }
}
