using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace Imaged.Linux.Sockets;

/// <summary>The system calls of a socket, one at a time.</summary>
internal static unsafe class SocketCalls
{
    public const short PollIn = 0x001;
    public const short PollOut = 0x004;

    /// <summary>Bytes of control data that a message with the most descriptors needs.</summary>
    public const int ControlSpace = 16 + (((UnixSocket.MaxDescriptors * sizeof(int)) + 7) & ~7);

    private const int PathLength = 108; // sizeof sun_path

    /// <summary>Writes the header of a message with <paramref name="count"/> descriptors.</summary>
    /// <returns>Where their numbers go.</returns>
    public static Span<int> RightsHeader(byte* control, int count, out int controlLength)
    {
        ControlHeader* header = (ControlHeader*)control;
        header->Length = (nuint)(sizeof(ControlHeader) + (count * sizeof(int)));
        header->Level = LibC.SOL_SOCKET;
        header->Type = LibC.SCM_RIGHTS;
        controlLength = Align((int)header->Length);
        return new(header + 1, count);
    }

    public static sockaddr_un Address(string path)
    {
        sockaddr_un address = default;
        address.sun_family = LibC.AF_UNIX;
        int length = Encoding.UTF8.GetByteCount(path);
        if (length is 0 or >= PathLength || path.Contains('\0', StringComparison.Ordinal))
        {
            throw new LinuxException($"the socket path '{path}' is not 1..{PathLength - 1} bytes long", Errno.EINVAL);
        }

        Encoding.UTF8.GetBytes(path, new Span<byte>(address.sun_path, PathLength));
        return address;
    }

    /// <summary>Sends what fits without waiting.</summary>
    /// <returns>Number of bytes; -1 when the peer must read first.</returns>
    public static int SendSome(int socket, ReadOnlySpan<byte> data, byte* control, int controlLength)
    {
        fixed (byte* bytes = data)
        {
            iovec vector = new() { iov_base = bytes, iov_len = data.Length };
            msghdr message = default;
            message.msg_iov = &vector;
            message.msg_iovlen = 1;
            message.msg_control = controlLength == 0 ? null : control;
            message.msg_controllen = controlLength;
            while (true)
            {
                int sent = (int)(long)LibC.sendmsg(socket, &message, LibC.MSG_NOSIGNAL | LibC.MSG_DONTWAIT);
                if (sent >= 0)
                {
                    return sent;
                }

                switch (LibC.errno)
                {
                    case Errno.EINTR:
                        break;
                    case Errno.EAGAIN:
                        return -1;
                    default:
                        LinuxException.Throw("send");
                        break;
                }
            }
        }
    }

    /// <summary>Wraps the descriptors of a received message.</summary>
    public static void TakeDescriptors(msghdr* message, ICollection<SafeFileHandle> descriptors)
    {
        List<SafeFileHandle> received = [];
        byte* end = (byte*)message->msg_control + (uint)message->msg_controllen;
        byte* part = (byte*)message->msg_control;
        while (end - part >= sizeof(ControlHeader))
        {
            ControlHeader* header = (ControlHeader*)part;
            if (header->Length < (nuint)sizeof(ControlHeader) || header->Length > (nuint)(end - part))
            {
                break;
            }

            if (header->Level == LibC.SOL_SOCKET && header->Type == LibC.SCM_RIGHTS)
            {
                int* numbers = (int*)(header + 1);
                int count = ((int)header->Length - sizeof(ControlHeader)) / sizeof(int);
                for (int i = 0; i < count; i++)
                {
                    received.Add(HostPath.Wrap(numbers[i]));
                }
            }

            part += Math.Min(Align((int)header->Length), (int)(end - part));
        }

        if ((message->msg_flags & LibC.MSG_CTRUNC) != 0)
        {
            // Some could not be installed: an index into the rest would name the wrong file.
            received.ForEach(handle => handle.Dispose());
            throw new LinuxException("receive descriptors", Errno.EMFILE);
        }

        foreach (SafeFileHandle handle in received)
        {
            descriptors.Add(handle);
        }
    }

    /// <summary>Waits for one of <paramref name="events"/>.</summary>
    /// <returns>False when the time is over or when <paramref name="stop"/> is readable.</returns>
    public static bool Wait(int descriptor, short events, SafeFileHandle? stop, TimeSpan timeout)
    {
        pollfd* polled = stackalloc pollfd[2];
        using SocketUse stopUse = new(stop);
        polled[0] = new() { fd = descriptor, events = events };
        polled[1] = new() { fd = stopUse.Number, events = PollIn };
        int milliseconds = timeout < TimeSpan.Zero ? -1 : (int)Math.Min(timeout.TotalMilliseconds, int.MaxValue);
        return Poller.Poll(polled, 2, milliseconds) > 0 && polled[1].revents == 0;
    }

    public static TimeSpan Remaining(TimeSpan timeout, long start)
    {
        if (timeout == Timeout.InfiniteTimeSpan)
        {
            return timeout;
        }

        TimeSpan left = timeout - TimeSpan.FromMilliseconds(Environment.TickCount64 - start);
        return left < TimeSpan.Zero ? TimeSpan.Zero : left;
    }

    private static int Align(int length) => (length + sizeof(nuint) - 1) & ~(sizeof(nuint) - 1);

    // struct cmsghdr of the kernel. The one of Tmds.LibC has a length of 32 bits and sizes of another C library.
    [StructLayout(LayoutKind.Sequential)]
    private struct ControlHeader
    {
        public nuint Length;
        public int Level;
        public int Type;
    }
}
