using System.Runtime.InteropServices;
using Tmds.Linux;

namespace Imaged.Linux;

/// <summary>Waits for what descriptors report (poll(2)).</summary>
public static unsafe partial class Poller
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
            _ = Poll(first, polled.Length, milliseconds);
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
        int ready = Poll(&polled, 1, milliseconds);
        return ready > 0 && (polled.revents & (Priority | Error)) != 0;
    }

    /// <summary>Whether a descriptor reports an error: of a FUSE device that its connection has ended.</summary>
    public static bool HasError(SafeHandle handle)
    {
        pollfd polled = new() { fd = HostPath.Number(handle), events = 0 };
        return Poll(&polled, 1, 0) > 0 && (polled.revents & Error) != 0;
    }

    /// <summary>poll(2); a signal does not end it.</summary>
    /// <param name="polled">What to wait for.</param>
    /// <param name="count">How many.</param>
    /// <param name="milliseconds">How long; -1 for ever.</param>
    /// <returns>How many report something; 0 when the time is over.</returns>
    internal static int Poll(pollfd* polled, int count, int milliseconds)
    {
        long start = Environment.TickCount64;
        int left = milliseconds;
        while (true)
        {
            int ready = poll(polled, (nuint)count, left);
            if (ready >= 0)
            {
                return ready;
            }

            int error = Marshal.GetLastPInvokeError();
            if (error != Errno.EINTR)
            {
                throw new LinuxException("poll", error);
            }

            left = milliseconds < 0
                ? milliseconds
                : (int)Math.Max(0, milliseconds - (Environment.TickCount64 - start));
        }
    }

    // Tmds.LibC 0.5 declares it without its error: LibC.errno is that of a call before it.
    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(pollfd* polled, nuint count, int milliseconds);
}
