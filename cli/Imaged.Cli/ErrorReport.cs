using Imaged.Ipc;
using Imaged.Ipc.Varlink;
using Imaged.Linux;

namespace Imaged.Cli;

/// <summary>Turns what was thrown into one sentence and an exit code.</summary>
internal static class ErrorReport
{
    /// <summary>The sentence (none for a reader that went away) and the exit code.</summary>
    public static (string? Sentence, int ExitCode) Describe(Exception error) => error switch
    {
        CliException known => (known.Message, known.ExitCode),
        ImagedException { Errno: Errno.EPIPE } or LinuxException { Errno: Errno.EPIPE } => (null, ExitCode.BrokenPipe),
        ImagedException { Kind: ErrorKind.Ambiguous, Choices.Count: > 0 } ambiguous
            when !ambiguous.Choices.All(choice => ambiguous.Message.Contains(choice, StringComparison.Ordinal)) =>
            ($"{ambiguous.Message}; choose one of: {string.Join(", ", ambiguous.Choices)}", ExitCode.Usage),
        ImagedException refused => (refused.Message, ExitCodeOf(refused.Kind)),
        VarlinkException { Error: "org.varlink.service.PermissionDenied" } =>
            ("the policy of this host does not allow it", ExitCode.Refused),
        VarlinkException { Error: "org.varlink.service.InvalidParameter" } wrong =>
            ($"imaged does not take the value of '{wrong.Parameters.Parameter}'", ExitCode.Usage),
        VarlinkException { Error: "org.varlink.service.MethodNotFound" or "org.varlink.service.MethodNotImplemented"
            or "org.varlink.service.InterfaceNotFound" } unknown =>
            (
                $"the imaged that runs is of another version than imagectl ({unknown.Message}); restart it",
                ExitCode.Unsupported),
        VarlinkDisconnectedException => ("the other end closed the connection before it had answered", ExitCode.Failed),
        VarlinkProtocolException or VarlinkException => ($"an answer makes no sense: {error.Message}", ExitCode.Failed),
        LinuxException host => ($"cannot {host.Message}", HostExitCode(host.Errno)),
        UnauthorizedAccessException => (error.Message, ExitCode.Refused),
        IOException => (error.Message, ExitCode.Failed),
        _ => ($"an internal error: {error.GetType().Name}: {error.Message}", ExitCode.Failed),
    };

    private static int ExitCodeOf(ErrorKind kind) => kind switch
    {
        ErrorKind.InvalidArgument or ErrorKind.Ambiguous => ExitCode.Usage,
        ErrorKind.NothingToDo => ExitCode.NothingToDo,
        ErrorKind.NotFound => ExitCode.NotFound,
        ErrorKind.PermissionDenied or ErrorKind.LimitExceeded => ExitCode.Refused,
        ErrorKind.Unsupported => ExitCode.Unsupported,
        ErrorKind.BadImage or ErrorKind.Busy or ErrorKind.HostError or ErrorKind.Failed => ExitCode.Failed,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    private static int HostExitCode(int errno) => errno switch
    {
        Errno.ENOENT => ExitCode.NotFound,
        Errno.EACCES or Errno.EPERM => ExitCode.Refused,
        _ => ExitCode.Failed,
    };
}
