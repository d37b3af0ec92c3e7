using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace Imaged.Linux.Fuse;

/// <summary>The character device <c>/dev/fuse</c>: one open description of it is one connection's queue of
/// requests.</summary>
public static unsafe class FuseDevice
{
    private const int CloneRequest = unchecked((int)0x8004E500); // FUSE_DEV_IOC_CLONE

    /// <summary>Opens the device, close-on-exec. It belongs to no connection until it is named by a mount.</summary>
    /// <exception cref="LinuxException">It cannot be opened.</exception>
    public static SafeFileHandle Open() => HostPath.Open("/dev/fuse", LibC.O_RDWR);

    /// <summary>Opens another queue of the connection that <paramref name="device"/> belongs to. A request must be
    /// answered through the queue that it was read from, and is lost when the last descriptor of that queue is closed:
    /// whoever keeps a connection alive for a successor keeps all of its queues.</summary>
    /// <param name="device">A descriptor whose file system is mounted.</param>
    /// <exception cref="LinuxException">It cannot be cloned.</exception>
    public static SafeFileHandle Clone(SafeFileHandle device)
    {
        SafeFileHandle clone = Open();
        uint source = (uint)HostPath.Number(device);
        if (LibC.ioctl(HostPath.Number(clone), CloneRequest, &source) < 0)
        {
            int errno = LibC.errno;
            clone.Dispose();
            throw new LinuxException("clone /dev/fuse", errno);
        }

        return clone;
    }

    /// <summary>Waits for one request and copies it to memory.</summary>
    /// <param name="descriptor">Number of the descriptor, which the caller holds open.</param>
    /// <param name="buffer">Where to.</param>
    /// <param name="capacity">Bytes there: at least 8192, and enough for the largest request that was
    /// negotiated.</param>
    /// <returns>Length of the request, or a negative error number.</returns>
    public static int Read(int descriptor, byte* buffer, int capacity)
    {
        long count = (long)LibC.read(descriptor, buffer, capacity);
        return count < 0 ? -LibC.errno : (int)count;
    }

    /// <summary>Hands one reply to the kernel.</summary>
    /// <param name="descriptor">Number of the descriptor that the request was read from.</param>
    /// <param name="reply">Header and payload.</param>
    /// <param name="length">Length of both, as the header says too.</param>
    /// <returns><paramref name="length"/>, or a negative error number.</returns>
    public static int Write(int descriptor, byte* reply, int length)
    {
        long count = (long)LibC.write(descriptor, reply, length);
        return count < 0 ? -LibC.errno : (int)count;
    }
}
