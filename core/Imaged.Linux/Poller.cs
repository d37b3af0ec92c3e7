using System.Runtime.InteropServices;
using Tmds.Linux;

namespace Imaged.Linux;

/// <summary>Waits for what descriptors report (poll(2)).</summary>
public static unsafe class Poller
{
    private const short Input = 1; // POLLIN
    private const short Priority = 2; // POLLPRI
    private const short Error = 8; // POLLERR

    /// <summary>Waits until one of the descriptors is readable or has ended.</summary>
    /// <param name="handles">The descriptors; they must stay open meanwhile.</param>
    /// <param name="milliseconds">How long; -1 for ever.</param>
    /// <returns>Indices of those that are.</returns>
    public static IReadOnlyList<int> Wait(IReadOnlyList<SafeHandle> handles, int milliseconds)
    {
        pollfd[] polled = new pollfd[handles.Count];
        for (int i = 0; i < polled.Length; i++)
        {
            // The mount table reports changes as urgent data (proc(5)); processes and sockets as input.
            polled[i] = new() { fd = HostPath.Number(handles[i]), events = Input | Priority };
        }

        fixed (pollfd* first = polled)
        {
            int ready = LibC.poll(first, (uint)polled.Length, milliseconds);
            if (ready < 0 && LibC.errno != Errno.EINTR)
            {
                LinuxException.Throw("poll");
            }
        }

        List<int> indices = [];
        for (int i = 0; i < polled.Length; i++)
        {
            if (polled[i].revents != 0)
            {
                indices.Add(i);
            }
        }

        return indices;
    }

    /// <summary>Waits until the mount table changes; for a descriptor of <c>/proc/self/mountinfo</c>, which is always
    /// readable and reports a change as urgent data and error.</summary>
    /// <param name="mountInfo">Open <c>/proc/self/mountinfo</c>.</param>
    /// <param name="milliseconds">How long at most.</param>
    /// <returns>Whether it changed.</returns>
    public static bool WaitForMountChange(SafeHandle mountInfo, int milliseconds)
    {
        pollfd polled = new() { fd = HostPath.Number(mountInfo), events = Priority };
        int ready = LibC.poll(&polled, 1, milliseconds);
        return ready > 0 && (polled.revents & (Priority | Error)) != 0;
    }

    /// <summary>Whether a descriptor reports an error: of a FUSE device that its connection has ended.</summary>
    public static bool HasError(SafeHandle handle)
    {
        pollfd polled = new() { fd = HostPath.Number(handle), events = 0 };
        return LibC.poll(&polled, 1, 0) > 0 && (polled.revents & Error) != 0;
    }
}
