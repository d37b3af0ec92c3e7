using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace Imaged.Linux;

/// <summary>Waits for changes in a directory (inotify(7)): files that come, go, or were written.</summary>
public sealed unsafe partial class DirectoryWatch : IDisposable
{
    private const int NonBlocking = 0x800; // IN_NONBLOCK
    private const int CloseOnExec = 0x80000; // IN_CLOEXEC
    private const uint CloseWrite = 0x8;
    private const uint MovedFrom = 0x40;
    private const uint MovedTo = 0x80;
    private const uint Created = 0x100;
    private const uint Deleted = 0x200;
    private const uint DeletedSelf = 0x400;
    private const uint MovedSelf = 0x800;
    private const uint Ignored = 0x8000; // the watch has ended
    private const uint OnlyDirectory = 0x1000000;
    private const uint Events = CloseWrite | MovedFrom | MovedTo | Created | Deleted | DeletedSelf | MovedSelf;
    private const int HeaderLength = 16; // struct inotify_event without its name

    private readonly SafeFileHandle _handle;

    /// <summary>Begins to watch; changes from now on are not missed.</summary>
    /// <param name="path">The directory.</param>
    /// <exception cref="LinuxException">It is not there, or is no directory.</exception>
    public DirectoryWatch(string path)
    {
        _handle = HostPath.Wrap(
            LinuxException.Check(inotify_init1(NonBlocking | CloseOnExec), "watch directories (inotify)"));
        fixed (byte* bytes = HostPath.Bytes(path))
        {
            if (inotify_add_watch(HostPath.Number(_handle), bytes, Events | OnlyDirectory) < 0)
            {
                int errno = Marshal.GetLastPInvokeError();
                _handle.Dispose();
                throw new LinuxException($"watch '{path}'", errno);
            }
        }
    }

    /// <summary>Waits for a change, and forgets all that there were.</summary>
    /// <param name="milliseconds">How long at most; -1 for ever.</param>
    /// <returns>False when the directory itself was removed or moved away.</returns>
    public bool Wait(int milliseconds)
    {
        Poller.Wait([_handle], milliseconds);
        byte[] buffer = new byte[4096];
        bool isThere = true;
        fixed (byte* first = buffer)
        {
            int length;
            while ((length = (int)LibC.read(HostPath.Number(_handle), first, buffer.Length)) > 0)
            {
                for (int offset = 0; offset + HeaderLength <= length;)
                {
                    uint mask = MemoryMarshal.Read<uint>(buffer.AsSpan(offset + 4));
                    isThere &= (mask & (DeletedSelf | MovedSelf | Ignored)) == 0;
                    offset += HeaderLength + (int)MemoryMarshal.Read<uint>(buffer.AsSpan(offset + 12));
                }
            }
        }

        return isThere;
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_init1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_add_watch(int handle, byte* path, uint mask);
}
