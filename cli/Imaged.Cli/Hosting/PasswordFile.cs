using Imaged.Cli.Arguments;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Hosting;

/// <summary>The file that holds a password: secrets never stand on a command line.</summary>
internal static class PasswordFile
{
    // Longer than any; the worker says what is too long.
    private const int MaxLength = 8192;

    /// <summary>Reads it when the option is given, into memory that a worker can read again after another one has
    /// died.</summary>
    public static SafeFileHandle? Open(ParsedArguments arguments)
    {
        string? path = arguments.Text(ImageOptions.PasswordFile);
        if (path is null)
        {
            return null;
        }

        try
        {
            using SafeFileHandle file =
                path == "-" ? new SafeFileHandle(0, ownsHandle: false) : HostPath.OpenRead(path);
            using FileStream stream = new(file, FileAccess.Read, bufferSize: 0);
            byte[] bytes = new byte[MaxLength];
            int length = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            SafeFileHandle memory = HostPath.CreateMemoryFile("password");
            RandomAccess.Write(memory, bytes.AsSpan(0, length), 0);
            return memory;
        }
        catch (LinuxException error)
        {
            throw HostErrors.Describe(error, "password file", path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Failed, $"cannot read the password file '{path}': {error.Message}");
        }
    }
}
