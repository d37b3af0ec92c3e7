using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace Imaged.Linux;

/// <summary>What the kernel keeps of a file in memory.</summary>
public static class FileCache
{
    private const int DontNeed = 4; // POSIX_FADV_DONTNEED

    /// <summary>Writes a file or a directory to the disk; returns when it is there.</summary>
    /// <remarks>The runtime's <c>FlushToDisk</c> takes <c>EROFS</c> for success, with which ext4 answers after it could
    /// not write and has become read-only.</remarks>
    /// <exception cref="LinuxException">It is not: also when something written before could not be.</exception>
    public static void Flush(SafeFileHandle file)
    {
        while (LibC.fsync(HostPath.Number(file)) != 0)
        {
            int errno = LibC.errno;
            switch (errno)
            {
                case Errno.EINTR:
                    continue;
                case Errno.EINVAL:
                case Errno.EOPNOTSUPP: // not of the kind that is ever written to a disk
                    return;
                default:
                    throw new LinuxException("what was written did not reach the disk", errno);
            }
        }
    }

    /// <summary>Writes a file to the disk and forgets it, so that the next reads come from the disk.</summary>
    /// <exception cref="LinuxException">It cannot be written.</exception>
    public static void Drop(SafeFileHandle file)
    {
        Flush(file);

        // A hint: a file system may not follow it.
        _ = LibC.posix_fadvise(HostPath.Number(file), 0, 0, DontNeed);
    }
}
