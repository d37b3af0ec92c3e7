using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace Imaged.Linux.Sockets;

/// <summary>Messages to services that take one each, by the path of their socket.</summary>
internal static unsafe class Datagram
{
    /// <summary>Sends one message, and waits until it is taken.</summary>
    /// <param name="path">Where to; one that begins with <c>@</c> is abstract.</param>
    /// <param name="data">The message.</param>
    /// <param name="handles">They go along and stay open here.</param>
    /// <param name="what">What it is for, as in "cannot ...".</param>
    /// <exception cref="LinuxException">Nobody takes it; EMSGSIZE when it is too large.</exception>
    public static void Send(string path, ReadOnlySpan<byte> data, IReadOnlyList<SafeHandle> handles, string what)
    {
        int fd = LibC.socket(LibC.AF_UNIX, LibC.SOCK_DGRAM | LibC.SOCK_CLOEXEC, 0);
        using SafeFileHandle socket = HostPath.Wrap(LinuxException.Check(fd, "socket"));

        sockaddr_un address = default;
        address.sun_family = (ushort)LibC.AF_UNIX;
        Span<byte> name = new(address.sun_path, 108);
        int length = Encoding.UTF8.GetBytes(path, name);
        if (name[0] == (byte)'@')
        {
            name[0] = 0; // an abstract address: its length is part of it
        }

        byte* control = stackalloc byte[SocketCalls.ControlSpace];
        int controlLength = 0;
        if (handles.Count > 0)
        {
            Span<int> numbers = SocketCalls.RightsHeader(control, handles.Count, out controlLength);
            for (int i = 0; i < handles.Count; i++)
            {
                numbers[i] = HostPath.Number(handles[i]);
            }
        }

        fixed (byte* bytes = data)
        {
            iovec vector = new() { iov_base = bytes, iov_len = data.Length };
            msghdr message = default;
            message.msg_name = &address;
            message.msg_namelen = (uint)(sizeof(ushort) + length);
            message.msg_iov = &vector;
            message.msg_iovlen = 1;
            message.msg_control = controlLength > 0 ? control : null;
            message.msg_controllen = controlLength;
            long sent = LibC.sendmsg(HostPath.Number(socket), &message, LibC.MSG_NOSIGNAL);
            LinuxException.Check((int)sent, what);
        }
    }
}
