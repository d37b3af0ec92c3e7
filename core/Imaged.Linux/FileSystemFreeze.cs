using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace Imaged.Linux;

/// <summary>Freezes file systems (ioctls of <c>linux/fs.h</c>): writers wait until they are thawed, and what is on the
/// disk is complete. The kernel keeps a file system frozen when whoever froze it ends.</summary>
public static class FileSystemFreeze
{
    private const int Freezing = unchecked((int)0xc0045877); // FIFREEZE
    private const int Thawing = unchecked((int)0xc0045878); // FITHAW

    /// <summary>Writes out what a file system has in memory.</summary>
    /// <param name="file">Anything on it, open.</param>
    /// <exception cref="LinuxException">It could not be written.</exception>
    public static void Sync(SafeFileHandle file) =>
        LinuxException.Check(LibC.syncfs(HostPath.Number(file)), "write out a file system");

    /// <summary>Freezes a file system; waits for writes that are under way. Needs CAP_SYS_ADMIN.</summary>
    /// <param name="file">Anything on it, open.</param>
    /// <exception cref="LinuxException">EBUSY: it is frozen already; EOPNOTSUPP: it cannot be frozen.</exception>
    public static unsafe void Freeze(SafeFileHandle file) =>
        LinuxException.Check(LibC.ioctl(HostPath.Number(file), Freezing, null), "freeze a file system");

    /// <summary>Thaws a file system.</summary>
    /// <param name="file">Anything on it, open.</param>
    /// <returns>False when it was not frozen.</returns>
    /// <exception cref="LinuxException">It stays frozen.</exception>
    public static unsafe bool Thaw(SafeFileHandle file)
    {
        if (LibC.ioctl(HostPath.Number(file), Thawing, null) == 0)
        {
            return true;
        }

        return LibC.errno == Errno.EINVAL ? false : throw new LinuxException("thaw a file system", LibC.errno);
    }
}
