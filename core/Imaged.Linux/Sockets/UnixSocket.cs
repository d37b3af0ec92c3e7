using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace Imaged.Linux.Sockets;

/// <summary>A local stream socket that carries descriptors. Calls block, each with a time-out of its own; one thread
/// may send while another receives, and any thread may call <see cref="Shutdown"/>.</summary>
public sealed unsafe class UnixSocket : IDisposable
{
    /// <summary>How many descriptors the kernel lets one message carry (SCM_MAX_FD).</summary>
    public const int MaxDescriptors = 253;

    private const int SocketDomain = 39; // SO_DOMAIN
    private const int SocketAccepts = 30; // SO_ACCEPTCONN
    private const int SocketType = 3; // SO_TYPE
    private const short HangUp = 0x2000; // POLLRDHUP; POLLHUP and POLLERR are always told
    private const int MaxGroups = 65536; // NGROUPS_MAX

    private readonly SafeFileHandle _handle;

    private UnixSocket(SafeFileHandle handle)
    {
        _handle = handle;
    }

    /// <summary>The descriptor; it belongs to this object.</summary>
    public SafeFileHandle Handle => _handle;

    /// <summary>Takes over a descriptor that this process inherited, after a look at what it is.</summary>
    /// <exception cref="LinuxException">It is no local stream socket.</exception>
    public static UnixSocket Adopt(int descriptor)
    {
        LinuxException.Check(LibC.fcntl(descriptor, LibC.F_SETFD, LibC.FD_CLOEXEC), $"adopt descriptor {descriptor}");
        return Adopt(HostPath.Wrap(descriptor));
    }

    /// <summary>Takes over a descriptor, after a look at what it is.</summary>
    /// <exception cref="LinuxException">It is no local stream socket.</exception>
    public static UnixSocket Adopt(SafeFileHandle handle)
    {
        UnixSocket socket = new(handle);
        if (socket.Option(SocketDomain) != LibC.AF_UNIX || socket.Option(SocketType) != LibC.SOCK_STREAM)
        {
            throw new LinuxException("adopt a descriptor that is no local stream socket", Errno.EINVAL);
        }

        return socket;
    }

    /// <summary>Wraps a descriptor that somebody else listens with for us, and makes it ours.</summary>
    /// <exception cref="LinuxException">EINVAL: it is no local stream socket, or nobody listens with it; it stays the
    /// caller's then.</exception>
    public static UnixSocket AdoptListener(SafeFileHandle handle)
    {
        UnixSocket socket = Adopt(handle);
        return socket.Option(SocketAccepts) != 0
            ? socket
            : throw new LinuxException("adopt a socket that does not listen", Errno.EINVAL);
    }

    /// <summary>Connects to a socket in the file system.</summary>
    /// <exception cref="LinuxException">Nobody listens there, or it is not allowed.</exception>
    public static UnixSocket Connect(string path)
    {
        UnixSocket socket = Create();
        try
        {
            using SocketUse use = new(socket._handle);
            sockaddr_un address = SocketCalls.Address(path);
            int result;
            do
            {
                result = LibC.connect(use.Number, (sockaddr*)&address, sizeof(sockaddr_un));
            }
            while (result < 0 && LibC.errno == Errno.EINTR);
            LinuxException.Check(result, $"connect to '{path}'");
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Makes a socket in the file system and listens on it. A socket that a dead process left there is
    /// replaced, one that somebody still listens on is not.</summary>
    /// <param name="path">Where.</param>
    /// <param name="mode">Permissions of the socket file, e.g. <c>0660</c> (octal).</param>
    /// <exception cref="LinuxException">It cannot be made; EADDRINUSE when somebody listens there.</exception>
    public static UnixSocket Listen(string path, UnixFileMode mode)
    {
        UnixSocket socket = Create();
        try
        {
            using SocketUse use = new(socket._handle);
            sockaddr_un address = SocketCalls.Address(path);
            int result = LibC.bind(use.Number, (sockaddr*)&address, sizeof(sockaddr_un));
            if (result < 0 && LibC.errno == Errno.EADDRINUSE)
            {
                if (!IsDead(path))
                {
                    throw new LinuxException($"listen on '{path}'", Errno.EADDRINUSE);
                }

                File.Delete(path);
                result = LibC.bind(use.Number, (sockaddr*)&address, sizeof(sockaddr_un));
            }

            LinuxException.Check(result, $"listen on '{path}'");

            // Nobody can connect before listen(2), so nobody gets in between the two.
            fixed (byte* name = HostPath.Bytes(path))
            {
                LinuxException.Check(LibC.chmod(name, (ushort)mode), $"set the permissions of '{path}'");
            }

            LinuxException.Check(LibC.listen(use.Number, 64), $"listen on '{path}'");
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Two sockets connected to each other.</summary>
    public static (UnixSocket First, UnixSocket Second) CreatePair()
    {
        int* pair = stackalloc int[2];
        int result = LibC.socketpair(LibC.AF_UNIX, LibC.SOCK_STREAM | LibC.SOCK_CLOEXEC, 0, pair);
        LinuxException.Check(result, "socketpair");
        return (new(HostPath.Wrap(pair[0])), new(HostPath.Wrap(pair[1])));
    }

    /// <summary>Waits for a connection.</summary>
    /// <param name="stop">When this becomes readable (or its other end is closed), waiting ends.</param>
    /// <returns>The connection; null when told to stop.</returns>
    /// <exception cref="LinuxException">Listening is no longer possible, or descriptors have run out
    /// (EMFILE).</exception>
    public UnixSocket? Accept(UnixSocket? stop)
    {
        using SocketUse use = new(_handle);
        while (true)
        {
            if (!SocketCalls.Wait(use.Number, SocketCalls.PollIn, stop?._handle, Timeout.InfiniteTimeSpan))
            {
                return null;
            }

            int fd = LibC.accept4(use.Number, null, null, LibC.SOCK_CLOEXEC);
            if (fd >= 0)
            {
                return new(HostPath.Wrap(fd));
            }

            if (LibC.errno is not (Errno.EINTR or Errno.EAGAIN or Errno.ECONNABORTED))
            {
                LinuxException.Throw("accept a connection");
            }
        }
    }

    /// <summary>Sends all of <paramref name="data"/>, the descriptors with its first byte.</summary>
    /// <param name="data">At least one byte.</param>
    /// <param name="descriptors">At most <see cref="MaxDescriptors"/>; they stay open here.</param>
    /// <param name="timeout">For all of it together: a peer that takes a byte now and then does not get more
    /// time.</param>
    /// <exception cref="TimeoutException">The peer did not take it in time; the stream is in the middle of a
    /// message.</exception>
    /// <exception cref="LinuxException">EPIPE when the peer is gone.</exception>
    public void Send(ReadOnlySpan<byte> data, IReadOnlyList<SafeHandle> descriptors, TimeSpan timeout)
    {
        ArgumentOutOfRangeException.ThrowIfZero(data.Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(descriptors.Count, MaxDescriptors);
        using SocketUse use = new(_handle);
        byte* control = stackalloc byte[SocketCalls.ControlSpace];
        int held = 0;
        try
        {
            int controlLength = 0;
            if (descriptors.Count > 0)
            {
                Span<int> numbers = SocketCalls.RightsHeader(control, descriptors.Count, out controlLength);
                for (; held < descriptors.Count; held++)
                {
                    bool added = false;
                    descriptors[held].DangerousAddRef(ref added);
                    numbers[held] = (int)descriptors[held].DangerousGetHandle();
                }
            }

            long start = Environment.TickCount64;
            while (!data.IsEmpty)
            {
                int sent = SocketCalls.SendSome(use.Number, data, control, controlLength);
                if (sent >= 0)
                {
                    data = data[sent..];
                    controlLength = 0;
                }
                else if (!SocketCalls.Wait(
                    use.Number, SocketCalls.PollOut, null, SocketCalls.Remaining(timeout, start)))
                {
                    throw new TimeoutException("the peer takes no more data");
                }
            }
        }
        finally
        {
            for (int i = 0; i < held; i++)
            {
                descriptors[i].DangerousRelease();
            }
        }
    }

    /// <summary>Receives what is there, waiting for the first byte.</summary>
    /// <param name="buffer">At least one byte long.</param>
    /// <param name="descriptors">What came along is added here, close-on-exec, and belongs to the caller; also when
    /// this throws.</param>
    /// <param name="timeout">How long to wait for the first byte.</param>
    /// <returns>Number of bytes; 0 when the peer has closed its end.</returns>
    /// <exception cref="TimeoutException">Nothing came.</exception>
    /// <exception cref="LinuxException">The connection is broken, or descriptors were lost (EMFILE): those that did
    /// arrive have been closed.</exception>
    public int Receive(Span<byte> buffer, ICollection<SafeFileHandle> descriptors, TimeSpan timeout)
    {
        ArgumentOutOfRangeException.ThrowIfZero(buffer.Length);
        using SocketUse use = new(_handle);
        byte* control = stackalloc byte[SocketCalls.ControlSpace];
        long start = Environment.TickCount64;
        while (true)
        {
            fixed (byte* data = buffer)
            {
                iovec vector = new() { iov_base = data, iov_len = buffer.Length };
                msghdr message = default;
                message.msg_iov = &vector;
                message.msg_iovlen = 1;
                message.msg_control = control;
                message.msg_controllen = SocketCalls.ControlSpace;
                int count = (int)(long)LibC.recvmsg(
                    use.Number, &message, LibC.MSG_CMSG_CLOEXEC | LibC.MSG_DONTWAIT);
                if (count >= 0)
                {
                    SocketCalls.TakeDescriptors(&message, descriptors);
                    return count;
                }
            }

            switch (LibC.errno)
            {
                case Errno.EINTR:
                    break;
                case Errno.ECONNRESET:
                    return 0; // it closed its end without reading everything
                case Errno.EAGAIN:
                    if (!SocketCalls.Wait(use.Number, SocketCalls.PollIn, null, SocketCalls.Remaining(timeout, start)))
                    {
                        throw new TimeoutException("the peer sent nothing");
                    }

                    break;
                default:
                    LinuxException.Throw("receive");
                    break;
            }
        }
    }

    /// <summary>Who connected (or who made the pair).</summary>
    public PeerCredentials GetPeer()
    {
        using SocketUse use = new(_handle);
        ucred credentials = default;
        socklen_t length = sizeof(ucred);
        int result = LibC.getsockopt(use.Number, LibC.SOL_SOCKET, LibC.SO_PEERCRED, &credentials, &length);
        LinuxException.Check(result, "ask for the peer's credentials");
        int process = (int)credentials.pid;
        return new((uint)credentials.uid, (uint)credentials.gid, PeerGroups(use.Number), process)
        {
            Started = process > 0 ? ChildProcess.StartTimeOf(process) : 0,
        };
    }

    /// <summary>Ends both directions: whoever waits here or at the other end wakes up.</summary>
    public void Shutdown()
    {
        if (!_handle.IsClosed)
        {
            using SocketUse use = new(_handle);
            _ = LibC.shutdown(use.Number, LibC.SHUT_RDWR); // ENOTCONN: it is over already
        }
    }

    /// <summary>Nothing more is received here: whoever waits for data wakes up. Sending goes on.</summary>
    public void ShutdownReceive()
    {
        if (!_handle.IsClosed)
        {
            using SocketUse use = new(_handle);
            _ = LibC.shutdown(use.Number, LibC.SHUT_RD);
        }
    }

    /// <summary>Whether the peer has closed its end (or shut down sending).</summary>
    public bool IsPeerGone
    {
        get
        {
            using SocketUse use = new(_handle);
            return SocketCalls.Wait(use.Number, HangUp, null, TimeSpan.Zero);
        }
    }

    /// <summary>Waits until another socket is readable.</summary>
    /// <returns>False when the peer of this one has closed its end (or receiving was shut down here).</returns>
    public bool WaitFor(UnixSocket signal)
    {
        using SocketUse use = new(_handle);
        return !SocketCalls.Wait(use.Number, HangUp, signal._handle, Timeout.InfiniteTimeSpan);
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    private static UnixSocket Create()
    {
        int fd = LibC.socket(LibC.AF_UNIX, LibC.SOCK_STREAM | LibC.SOCK_CLOEXEC, 0);
        return new(HostPath.Wrap(LinuxException.Check(fd, "socket")));
    }

    private static bool IsDead(string path)
    {
        try
        {
            Connect(path).Dispose();
            return false;
        }
        catch (LinuxException error)
        {
            return error.Errno == Errno.ECONNREFUSED;
        }
    }

    private static uint[] PeerGroups(int socket)
    {
        uint[] groups = new uint[32];
        while (true)
        {
            fixed (uint* buffer = groups)
            {
                socklen_t length = groups.Length * sizeof(uint);
                if (LibC.getsockopt(socket, LibC.SOL_SOCKET, LibC.SO_PEERGROUPS, buffer, &length) == 0)
                {
                    return groups[..((int)(uint)length / sizeof(uint))];
                }
            }

            // ERANGE: more groups than fit. ENODATA: the peer is the kernel.
            if (LibC.errno != Errno.ERANGE || groups.Length >= MaxGroups)
            {
                return LibC.errno == Errno.ENODATA
                    ? []
                    : throw new LinuxException("ask for the peer's groups", LibC.errno);
            }

            groups = new uint[MaxGroups];
        }
    }

    private int Option(int name)
    {
        using SocketUse use = new(_handle);
        int value = 0;
        socklen_t length = sizeof(int);
        LinuxException.Check(LibC.getsockopt(use.Number, LibC.SOL_SOCKET, name, &value, &length), "inspect a socket");
        return value;
    }
}
