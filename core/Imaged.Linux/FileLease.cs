using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace Imaged.Linux;

/// <summary>Asks whether a file is being written, by a lease on it (fcntl(2)).</summary>
public static class FileLease
{
    private const int SetSignal = 10; // F_SETSIG
    private const int SetLease = 1024; // F_SETLEASE
    private const int ReadLease = 0; // F_RDLCK
    private const int NoLease = 2; // F_UNLCK
    private const int Urgent = 23; // SIGURG

    /// <summary>Whether somebody has the file open for writing. The kernel gives a read lease only while nobody has; it
    /// is given back at once.</summary>
    /// <param name="file">A regular file, opened for reading only by its owner or by root.</param>
    /// <returns>False also when the file system knows no leases.</returns>
    public static bool HasWriter(SafeFileHandle file)
    {
        int fd = HostPath.Number(file);

        // Who opens it for writing in this very moment has us told by a signal; the usual one would end the process.
        LinuxException.Check(LibC.fcntl(fd, SetSignal, Urgent), "choose the signal of a lease");
        if (LibC.fcntl(fd, SetLease, ReadLease) < 0)
        {
            return LibC.errno == Errno.EAGAIN;
        }

        LinuxException.Check(LibC.fcntl(fd, SetLease, NoLease), "give a lease back");
        return false;
    }
}
