using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace Imaged.Linux;

/// <summary>Where a regular file has holes (<c>SEEK_DATA</c> and <c>SEEK_HOLE</c> of lseek(2)).</summary>
public static class FileHoles
{
    private const int SeekData = 3;
    private const int SeekHole = 4;

    /// <summary>Whether a byte of a file lies in a hole, and up to where the same is so.</summary>
    /// <param name="file">A regular file; its position changes.</param>
    /// <param name="offset">Byte offset.</param>
    /// <param name="end">Receives the byte offset behind the hole, or before the next one; the largest number when
    /// there is none.</param>
    /// <returns>False also where the file system does not tell.</returns>
    public static bool IsHole(SafeFileHandle file, long offset, out long end)
    {
        end = long.MaxValue;
        int fd = HostPath.Number(file);
        long data = LibC.lseek(fd, offset, SeekData);
        if (data < 0)
        {
            // ENXIO: there is nothing but a hole from here on.
            return LibC.errno == Errno.ENXIO;
        }

        if (data > offset)
        {
            end = data;
            return true;
        }

        long hole = LibC.lseek(fd, offset, SeekHole);
        if (hole > offset)
        {
            end = hole;
        }

        return false;
    }
}
