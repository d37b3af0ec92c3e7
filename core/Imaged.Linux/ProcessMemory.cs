using Tmds.Linux;

namespace Imaged.Linux;

/// <summary>The memory of this process.</summary>
public static class ProcessMemory
{
    private const int Current = 1; // MCL_CURRENT

    /// <summary>Loads all of it and keeps it from being swapped out: for a process that has to go on when disks do not
    /// answer.</summary>
    /// <returns>False when it takes more than this process may lock.</returns>
    public static bool TryLock() => LibC.mlockall(Current) == 0;
}
