using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace Imaged.Linux;

/// <summary>Gives descriptors the numbers by which a program that is executed next knows them.</summary>
public static class InheritedDescriptors
{
    /// <summary>Moves descriptors to their numbers, where they stay open when this process executes a program. What has
    /// such a number is closed, even what belongs to the runtime: a program has to be executed soon.</summary>
    /// <param name="descriptors">Numbers, each once, and descriptors, which are used up.</param>
    /// <exception cref="LinuxException">There are too many descriptors.</exception>
    public static unsafe void Place(IReadOnlyList<(int Number, SafeFileHandle Handle)> descriptors)
    {
        // First out of the way of all numbers: a descriptor may have that of another.
        int lowest = descriptors.Max(item => item.Number) + 1;
        List<(int Number, int Descriptor)> moved = [];
        foreach ((int number, SafeFileHandle handle) in descriptors)
        {
            int descriptor = LibC.fcntl(HostPath.Number(handle), LibC.F_DUPFD_CLOEXEC, lowest);
            moved.Add((number, LinuxException.Check(descriptor, "duplicate a descriptor")));
            handle.Dispose();
        }

        foreach ((int number, int descriptor) in moved)
        {
            // dup2(2) clears close-on-exec.
            LinuxException.Check(LibC.dup2(descriptor, number), "duplicate a descriptor");
            _ = LibC.close(descriptor);
        }
    }
}
