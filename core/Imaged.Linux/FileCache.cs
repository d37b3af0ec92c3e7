using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace Imaged.Linux;

/// <summary>What the kernel keeps of a file in memory.</summary>
public static class FileCache
{
    private const int DontNeed = 4; // POSIX_FADV_DONTNEED

    /// <summary>Writes a file to the disk and forgets it, so that the next reads come from the disk.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Drop(SafeFileHandle file)
    {
        RandomAccess.FlushToDisk(file);

        // A hint: a file system may not follow it.
        _ = LibC.posix_fadvise(HostPath.Number(file), 0, 0, DontNeed);
    }
}
