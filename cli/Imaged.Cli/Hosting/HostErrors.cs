using Imaged.Linux;

namespace Imaged.Cli.Hosting;

/// <summary>Sentences and exit codes for files of the host that cannot be opened.</summary>
internal static class HostErrors
{
    /// <summary>Describes why <paramref name="path"/> cannot be opened.</summary>
    /// <param name="error">What the kernel said.</param>
    /// <param name="what">What it was to be, e.g. <c>image</c>.</param>
    /// <param name="path">As the user wrote it.</param>
    public static CliException Describe(LinuxException error, string what, string path) => error.Errno switch
    {
        Errno.ENOENT => new(ExitCode.NotFound, $"there is no {what} '{path}'"),
        Errno.ENOTDIR => new(ExitCode.NotFound, $"there is no {what} '{path}': a part of the path is not a directory"),
        Errno.EACCES or Errno.EPERM => new(ExitCode.Refused, $"you may not open the {what} '{path}'"),
        _ => new(ExitCode.Failed, $"cannot open the {what} '{path}': {LinuxException.Text(error.Errno)}"),
    };
}
