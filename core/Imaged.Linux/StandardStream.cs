using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace Imaged.Linux;

/// <summary>Standard input, output or error, read and written as a C program does: at the position that the descriptor
/// shares with other processes, and with an exception when nobody reads any more.</summary>
public sealed unsafe class StandardStream : IDisposable
{
    private StandardStream(int number)
    {
        Handle = new(number, ownsHandle: false);
        IsTerminal = LibC.isatty(number) == 1;
    }

    /// <summary>Standard input.</summary>
    public static StandardStream Input { get; } = new(0);

    /// <summary>Standard output.</summary>
    public static StandardStream Output { get; } = new(1);

    /// <summary>Standard error.</summary>
    public static StandardStream Error { get; } = new(2);

    /// <summary>The descriptor, which is never closed.</summary>
    public SafeFileHandle Handle { get; }

    /// <summary>Whether somebody looks at it.</summary>
    public bool IsTerminal { get; }

    /// <summary>Width of the terminal; 80 when it is not known.</summary>
    public int Columns
    {
        get
        {
            winsize size = default;
            int result = LibC.ioctl(HostPath.Number(Handle), 0x5413 /* TIOCGWINSZ */, &size);
            return result == 0 && size.ws_col > 0 ? size.ws_col : 80;
        }
    }

    /// <summary>Reads what there is, waiting for the first byte.</summary>
    /// <param name="handle">A pipe, a socket, a terminal.</param>
    /// <param name="destination">Where to; not empty.</param>
    /// <returns>How many bytes; 0 at the end.</returns>
    public static int Read(SafeHandle handle, Span<byte> destination)
    {
        while (true)
        {
            fixed (byte* bytes = destination)
            {
                long count = (long)LibC.read(HostPath.Number(handle), bytes, destination.Length);
                if (count >= 0)
                {
                    return (int)count;
                }
            }

            switch (LibC.errno)
            {
                case Errno.EINTR:
                    break;
                case Errno.EAGAIN:
                    pollfd poll = new() { fd = HostPath.Number(handle), events = 1 /* POLLIN */ };
                    _ = Poller.Poll(&poll, 1, -1);
                    break;
                default:
                    LinuxException.Throw("read");
                    break;
            }
        }
    }

    /// <summary>Writes all of <paramref name="data"/>.</summary>
    /// <exception cref="LinuxException">EPIPE when nobody reads any more.</exception>
    public void Write(ReadOnlySpan<byte> data) => Write(Handle, data);

    /// <summary>Writes all of <paramref name="data"/> to a descriptor that may be shared with others: a pipe, a
    /// terminal, a file at its current position.</summary>
    /// <exception cref="LinuxException">EPIPE when nobody reads any more.</exception>
    public static void Write(SafeHandle handle, ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            fixed (byte* bytes = data)
            {
                long count = (long)LibC.write(HostPath.Number(handle), bytes, data.Length);
                if (count >= 0)
                {
                    data = data[(int)count..];
                    continue;
                }
            }

            switch (LibC.errno)
            {
                case Errno.EINTR:
                    break;
                case Errno.EAGAIN:
                    // Somebody made the shared descriptor non-blocking.
                    pollfd poll = new() { fd = HostPath.Number(handle), events = 4 /* POLLOUT */ };
                    _ = Poller.Poll(&poll, 1, -1);
                    break;
                default:
                    LinuxException.Throw("write");
                    break;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Handle.Dispose();
}
