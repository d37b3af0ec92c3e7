using Imaged.Blocks;

namespace Imaged.Fuse;

/// <summary>Files of the host in memory, for the kernel to take bytes from where they stand: no code of ours touches
/// it, as a file that somebody cut would end the process. All members may be called from any number of threads at
/// once.</summary>
public unsafe interface IHostMemory
{
    /// <summary>Finds a range if it can be taken from memory at once.</summary>
    /// <param name="range">Where it begins.</param>
    /// <param name="count">Bytes, above 0.</param>
    /// <param name="address">Valid while the session runs.</param>
    bool TryFind(HostRange range, int count, out byte* address);

    /// <summary>The kernel has taken the bytes.</summary>
    /// <param name="range">As for <see cref="TryFind"/>.</param>
    /// <param name="count">Bytes.</param>
    void Forget(HostRange range, int count);
}
