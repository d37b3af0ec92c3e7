using Imaged.Cli.Arguments;
using Imaged.Ipc.Varlink;
using Imaged.Linux;

namespace Imaged.Cli.Hosting;

/// <summary>The way to the daemon.</summary>
internal static class Daemon
{
    private const string DefaultSocket = "/run/imaged/io.imaged";

    /// <summary>Where it listens: the option, the environment, the usual place.</summary>
    public static string SocketPath(ParsedArguments arguments) =>
        arguments.Text(GlobalOptions.Socket)
        ?? (Environment.GetEnvironmentVariable("IMAGED_SOCKET") is { Length: > 0 } path ? path : DefaultSocket);

    /// <summary>Whether that is the usual place, where systemd listens.</summary>
    public static bool IsUsual(ParsedArguments arguments) => SocketPath(arguments) == DefaultSocket;

    /// <summary>Connects.</summary>
    /// <exception cref="CliException">It is not there.</exception>
    public static VarlinkConnection Connect(ParsedArguments arguments)
    {
        string path = SocketPath(arguments);
        try
        {
            return VarlinkConnection.Connect(path);
        }
        catch (LinuxException error)
        {
            throw error.Errno switch
            {
                Errno.EACCES or Errno.EPERM => new CliException(
                    ExitCode.Refused,
                    $"you may not talk to imaged at '{path}'; members of its group may: "
                    + $"adduser {Environment.UserName} imaged"),
                Errno.EINVAL => new CliException(ExitCode.Usage, error.Message),
                _ => new CliException(
                    ExitCode.Unreachable,
                    $"the imaged daemon does not answer at '{path}' ({LinuxException.Text(error.Errno)}); "
                    + (path == DefaultSocket
                        ? "start it with: systemctl start imaged.socket"
                        : $"start it with: imaged --socket {path}")),
            };
        }
    }
}
