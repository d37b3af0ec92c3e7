using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Linux;

/// <summary>Advisory locks on open files, directories and devices (flock(2)); they end with the last
/// descriptor.</summary>
public static partial class FileLock
{
    private const int Shared = 1;
    private const int Exclusive = 2;
    private const int NonBlocking = 4;
    private const int Release = 8;

    /// <summary>Takes a lock without waiting.</summary>
    /// <param name="file">What to lock.</param>
    /// <param name="isShared">Whether others may have a shared lock at the same time.</param>
    /// <returns>False when somebody else has it.</returns>
    /// <exception cref="LinuxException">There are no locks for this file.</exception>
    public static bool TryLock(SafeFileHandle file, bool isShared)
    {
        if (flock(HostPath.Number(file), (isShared ? Shared : Exclusive) | NonBlocking) == 0)
        {
            return true;
        }

        int errno = Marshal.GetLastPInvokeError();
        return errno == Errno.EAGAIN ? false : throw new LinuxException("lock a file", errno);
    }

    /// <summary>Takes a lock, and waits for it as long as others have it.</summary>
    /// <param name="file">What to lock.</param>
    /// <param name="isShared">Whether others may have a shared lock at the same time.</param>
    /// <exception cref="LinuxException">There are no locks for this file.</exception>
    public static void Lock(SafeFileHandle file, bool isShared)
    {
        while (flock(HostPath.Number(file), isShared ? Shared : Exclusive) != 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            if (errno != Errno.EINTR)
            {
                throw new LinuxException("lock a file", errno);
            }
        }
    }

    /// <summary>Gives the lock back.</summary>
    public static void Unlock(SafeFileHandle file)
    {
        if (flock(HostPath.Number(file), Release) < 0)
        {
            throw new LinuxException("unlock a file", Marshal.GetLastPInvokeError());
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int flock(int descriptor, int operation);
}
