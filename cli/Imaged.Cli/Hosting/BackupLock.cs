using Imaged.Cli.Output;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Hosting;

/// <summary>Keeps a folder of backups to those that do not harm each other: several are written to it at once, but
/// none is removed or made whole meanwhile, which might be what a new one stands on.</summary>
internal static class BackupLock
{
    /// <summary>Locks a folder until what is returned is closed.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="isShared">Whether backups are only added.</param>
    /// <param name="waits">Whether to wait, and say so, until others are done; else this is refused then.</param>
    /// <exception cref="CliException">Somebody else is at work there, or there is no such folder.</exception>
    public static SafeFileHandle Take(string folder, bool isShared, bool waits = false)
    {
        SafeFileHandle directory;
        try
        {
            directory = HostPath.OpenDirectory(folder);
        }
        catch (LinuxException error)
        {
            throw HostErrors.Describe(error, "folder", folder);
        }

        try
        {
            if (FileLock.TryLock(directory, isShared))
            {
                return directory;
            }

            if (waits)
            {
                Printer.Message($"waits until another backup, merge or prune in '{folder}' is done");
                FileLock.Lock(directory, isShared);
                return directory;
            }
        }
        catch (LinuxException)
        {
            return directory; // a file system without locks: it is as it was before there were any
        }

        directory.Dispose();
        throw new CliException(
            ExitCode.Failed, $"another backup, merge or prune is at work in '{folder}'; try again when it is done");
    }
}
