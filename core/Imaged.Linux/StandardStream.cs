using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace Imaged.Linux;

/// <summary>Standard output or standard error, written to as a C program does: at the position that the descriptor
/// shares with other processes, and with an exception when nobody reads any more.</summary>
public sealed unsafe class StandardStream : IDisposable
{
    private StandardStream(int number)
    {
        Handle = new(number, ownsHandle: false);
        IsTerminal = LibC.isatty(number) == 1;
    }

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
