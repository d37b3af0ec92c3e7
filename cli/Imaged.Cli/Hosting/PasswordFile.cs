using Imaged.Cli.Arguments;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Hosting;

/// <summary>The file that holds a password: secrets never stand on a command line.</summary>
internal static class PasswordFile
{
    /// <summary>Opens it when the option is given.</summary>
    public static SafeFileHandle? Open(ParsedArguments arguments)
    {
        string? path = arguments.Text(ImageOptions.PasswordFile);
        try
        {
            return path switch
            {
                null => null,
                "-" => new SafeFileHandle(0, ownsHandle: false),
                _ => HostPath.OpenRead(path),
            };
        }
        catch (LinuxException error)
        {
            throw HostErrors.Describe(error, "password file", path!);
        }
    }
}
