using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace Imaged.Linux;

/// <summary>What a descriptor refers to.</summary>
/// <param name="Device">Device of the file system that holds it.</param>
/// <param name="Inode">Inode number there.</param>
/// <param name="Mode">Type and permissions.</param>
/// <param name="Uid">Owner.</param>
/// <param name="Size">Length in bytes; 0 for devices.</param>
/// <param name="DeviceNode">The device that a device node stands for.</param>
public readonly record struct FileIdentity(
    DeviceNumber Device, ulong Inode, uint Mode, uint Uid, long Size, DeviceNumber DeviceNode)
{
    /// <summary>When its content was last changed, in nanoseconds since 1970.</summary>
    public long Modified { get; init; }

    /// <summary>Whether it is a regular file.</summary>
    public bool IsRegular => (Mode & 0xF000) == 0x8000;

    /// <summary>Whether it is a directory.</summary>
    public bool IsDirectory => (Mode & 0xF000) == 0x4000;

    /// <summary>Whether it is a block device.</summary>
    public bool IsBlockDevice => (Mode & 0xF000) == 0x6000;
}

/// <summary>A device number.</summary>
/// <param name="Major">Major number.</param>
/// <param name="Minor">Minor number.</param>
public readonly record struct DeviceNumber(uint Major, uint Minor)
{
    /// <summary>As <c>stat(2)</c> gives it, in one number.</summary>
    public ulong Number =>
        (Minor & 0xffUL) | ((Major & 0xfffUL) << 8) | ((Minor & ~0xffUL) << 12) | ((Major & ~0xfffUL) << 32);

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{Major}:{Minor}");
}

/// <summary>Opens and inspects files of the host. Every descriptor is close-on-exec and a <see cref="SafeFileHandle"/>
/// from the start.</summary>
public static unsafe class HostPath
{
    private const int AtEmptyPath = 0x1000;

    /// <summary>Opens for reading; never waits for the writer of a FIFO and never becomes a controlling terminal's
    /// owner.</summary>
    /// <exception cref="LinuxException">It cannot be opened.</exception>
    public static SafeFileHandle OpenRead(string path) => Open(path, LibC.O_RDONLY | LibC.O_NONBLOCK | LibC.O_NOCTTY);

    /// <summary>Opens for reading and writing.</summary>
    public static SafeFileHandle OpenReadWrite(string path) =>
        Open(path, LibC.O_RDWR | LibC.O_NONBLOCK | LibC.O_NOCTTY);

    /// <summary>Opens a block device for reading and writing that nobody else may open so, nor mount, until it is
    /// closed.</summary>
    /// <exception cref="LinuxException">EBUSY: it is mounted, or part of another device.</exception>
    public static SafeFileHandle OpenExclusive(string path) => Open(path, LibC.O_RDWR | LibC.O_EXCL);

    /// <summary>A descriptor that only names the file (<c>O_PATH</c>); symbolic links are followed.</summary>
    public static SafeFileHandle OpenPath(string path) => Open(path, LibC.O_PATH);

    /// <summary>A descriptor that only names the file (<c>O_PATH</c>), by a path without symbolic links
    /// (openat2(2), RESOLVE_NO_SYMLINKS).</summary>
    /// <param name="directory">Where a relative path begins; null for a path that is absolute.</param>
    /// <param name="path">The path.</param>
    /// <exception cref="LinuxException">ELOOP: a part of it is a symbolic link.</exception>
    public static SafeFileHandle OpenPathWithoutLinks(SafeFileHandle? directory, string path)
    {
        open_how how = default;
        how.flags = (ulong)(uint)(LibC.O_PATH | LibC.O_CLOEXEC);
        how.resolve = (ulong)(uint)LibC.RESOLVE_NO_SYMLINKS;
        fixed (byte* bytes = Bytes(path))
        {
            int fd = LibC.openat2(directory is null ? LibC.AT_FDCWD : Number(directory), bytes, &how, sizeof(open_how));
            return Wrap(LinuxException.Check(fd, $"open '{path}'"));
        }
    }

    /// <summary>Gives a file to a group; links are not followed.</summary>
    public static void SetGroup(string path, uint gid)
    {
        fixed (byte* bytes = Bytes(path))
        {
            LinuxException.Check(LibC.lchown(bytes, uint.MaxValue, gid), $"give '{path}' to group {gid}");
        }
    }

    /// <summary>Makes a directory with mode 0755.</summary>
    /// <returns>False when there is something of this name already.</returns>
    public static bool TryMakeDirectory(string path)
    {
        fixed (byte* bytes = Bytes(path))
        {
            if (LibC.mkdir(bytes, 0x1ed /* 0755 */) == 0)
            {
                return true;
            }
        }

        return LibC.errno == 17 /* EEXIST */
            ? false
            : throw new LinuxException($"make the directory '{path}'", LibC.errno);
    }

    /// <summary>Opens a directory for listing and for opening what is in it.</summary>
    public static SafeFileHandle OpenDirectory(string path) => Open(path, LibC.O_RDONLY | LibC.O_DIRECTORY);

    /// <summary>Opens a file in a directory for reading, never leaving that directory: no <c>..</c>, no absolute link,
    /// no magic link (openat2(2), RESOLVE_BENEATH). A FIFO does not block.</summary>
    public static SafeFileHandle OpenBeneath(SafeFileHandle directory, string name)
    {
        open_how how = default;
        how.flags = (ulong)(uint)(LibC.O_RDONLY | LibC.O_NONBLOCK | LibC.O_NOCTTY | LibC.O_CLOEXEC);
        how.resolve = (ulong)(uint)(LibC.RESOLVE_BENEATH | LibC.RESOLVE_NO_MAGICLINKS);
        fixed (byte* path = Bytes(name))
        {
            int fd = LibC.openat2(Number(directory), path, &how, sizeof(open_how));
            return Wrap(LinuxException.Check(fd, $"open '{name}'"));
        }
    }

    /// <summary>Opens a regular file by a path for which <paramref name="root"/> is the root directory: absolute links
    /// and <c>..</c> do not lead out of it (openat2(2), RESOLVE_IN_ROOT). Other files are not opened, as opening a
    /// device may already do something.</summary>
    /// <exception cref="LinuxException">There is no such file, or it is none (<c>ENOENT</c>).</exception>
    public static SafeFileHandle OpenFileIn(SafeFileHandle root, string path)
    {
        open_how how = default;
        how.flags = (ulong)(uint)(LibC.O_PATH | LibC.O_CLOEXEC);
        how.resolve = (ulong)(uint)(LibC.RESOLVE_IN_ROOT | LibC.RESOLVE_NO_MAGICLINKS);
        fixed (byte* bytes = Bytes(path))
        {
            int fd = LibC.openat2(Number(root), bytes, &how, sizeof(open_how));
            using SafeFileHandle found = Wrap(LinuxException.Check(fd, $"open '{path}'"));
            return Identify(found).IsRegular
                ? ReopenRead(found)
                : throw new LinuxException($"open '{path}', which is no file", Errno.ENOENT);
        }
    }

    /// <summary>Makes an empty file without a name in a directory, open for reading and writing (<c>O_TMPFILE</c>): it
    /// is gone with its last descriptor, however the process ends, unless <see cref="TryLink"/> names it.</summary>
    /// <returns>Null when it cannot be made, be it that the file system does not know such files.</returns>
    public static SafeFileHandle? TryCreateUnnamed(string directory)
    {
        fixed (byte* bytes = Bytes(directory))
        {
            int flags = LibC.O_TMPFILE | LibC.O_RDWR | LibC.O_CLOEXEC;
            int fd = LibC.open(bytes, flags, 0x1b6 /* 0666, less the umask */);
            return fd < 0 ? null : Wrap(fd);
        }
    }

    /// <summary>Gives an open file a name, or one more.</summary>
    /// <returns>False when there is something of this name already.</returns>
    public static bool TryLink(SafeFileHandle file, string path)
    {
        string source = FormattableString.Invariant($"/proc/self/fd/{Number(file)}");
        fixed (byte* from = Bytes(source), to = Bytes(path))
        {
            if (LibC.linkat(LibC.AT_FDCWD, from, LibC.AT_FDCWD, to, LibC.AT_SYMLINK_FOLLOW) == 0)
            {
                return true;
            }
        }

        return LibC.errno == 17 /* EEXIST */ ? false : throw new LinuxException($"make '{path}'", LibC.errno);
    }

    /// <summary>Opens once more what a descriptor refers to, with rights of its own.</summary>
    /// <param name="handle">Any descriptor, also <c>O_PATH</c>.</param>
    /// <param name="flags">Flags of <c>open(2)</c>.</param>
    internal static SafeFileHandle Reopen(SafeFileHandle handle, int flags) =>
        Open(FormattableString.Invariant($"/proc/self/fd/{Number(handle)}"), flags);

    /// <summary>Opens the file behind a detached mount's descriptor for reading.</summary>
    public static SafeFileHandle ReopenRead(SafeFileHandle handle) => Reopen(handle, LibC.O_RDONLY);

    /// <summary>Opens the same file or device once more for reading and writing, with flags of its own: whatever its
    /// path leads to by now.</summary>
    public static SafeFileHandle ReopenReadWrite(SafeFileHandle handle) => Reopen(handle, LibC.O_RDWR);

    /// <summary>A second descriptor for the same open file.</summary>
    public static SafeFileHandle Duplicate(SafeHandle handle)
    {
        int fd = LibC.fcntl(Number(handle), LibC.F_DUPFD_CLOEXEC, 3);
        return Wrap(LinuxException.Check(fd, "duplicate a descriptor"));
    }

    /// <summary>Makes an inherited descriptor one that programs started from here do not inherit.</summary>
    public static void SetCloseOnExec(SafeHandle handle) =>
        LinuxException.Check(LibC.fcntl(Number(handle), LibC.F_SETFD, LibC.FD_CLOEXEC), "fcntl");

    /// <summary>What the descriptor refers to.</summary>
    public static FileIdentity Identify(SafeHandle handle)
    {
        statx buffer = default;
        byte empty = 0;
        int result = LibC.statx(Number(handle), &empty, AtEmptyPath, LibC.STATX_BASIC_STATS, &buffer);
        LinuxException.Check(result, "statx");
        return new(
            new(buffer.stx_dev_major, buffer.stx_dev_minor),
            buffer.stx_ino,
            buffer.stx_mode,
            buffer.stx_uid,
            (long)buffer.stx_size,
            new(buffer.stx_rdev_major, buffer.stx_rdev_minor))
        {
            Modified = unchecked((buffer.stx_mtime.tv_sec * 1_000_000_000) + buffer.stx_mtime.tv_nsec),
        };
    }

    /// <summary>The path that the kernel knows a descriptor by; for messages only.</summary>
    public static string NameOf(SafeHandle handle)
    {
        string link = FormattableString.Invariant($"/proc/self/fd/{Number(handle)}");
        return File.ResolveLinkTarget(link, returnFinalTarget: false)?.FullName ?? link;
    }

    /// <summary>Whether the descriptor was opened for writing, too.</summary>
    public static bool IsWritable(SafeHandle handle)
    {
        int flags = LinuxException.Check(LibC.fcntl(Number(handle), LibC.F_GETFL), "fcntl");
        return (flags & LibC.O_ACCMODE) == LibC.O_RDWR && (flags & LibC.O_PATH) == 0;
    }

    /// <summary>Whether the descriptor can be read (it is neither write-only nor <c>O_PATH</c>).</summary>
    public static bool IsReadable(SafeHandle handle)
    {
        int flags = LinuxException.Check(LibC.fcntl(Number(handle), LibC.F_GETFL), "fcntl");
        return (flags & LibC.O_ACCMODE) != LibC.O_WRONLY && (flags & LibC.O_PATH) == 0;
    }

    /// <summary>Creates a sealed memory file with these bytes.</summary>
    public static SafeFileHandle CreateMemoryFile(string name)
    {
        fixed (byte* text = Bytes(name))
        {
            return Wrap(LinuxException.Check(LibC.memfd_create(text, 1 /* MFD_CLOEXEC */), "memfd_create"));
        }
    }

    internal static SafeFileHandle Open(string path, int flags)
    {
        fixed (byte* bytes = Bytes(path))
        {
            int fd;
            do
            {
                fd = LibC.open(bytes, flags | LibC.O_CLOEXEC, default);
            }
            while (fd < 0 && LibC.errno == Errno.EINTR);
            return Wrap(LinuxException.Check(fd, $"open '{path}'"));
        }
    }

    /// <summary>The descriptor's number; the caller keeps the handle alive.</summary>
    internal static int Number(SafeHandle handle)
    {
        ObjectDisposedException.ThrowIf(handle.IsClosed || handle.IsInvalid, handle);
        return (int)handle.DangerousGetHandle();
    }

    internal static SafeFileHandle Wrap(int fd) => new(fd, ownsHandle: true);

    /// <summary>A NUL-terminated UTF-8 string.</summary>
    internal static byte[] Bytes(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException("the text holds a NUL character", nameof(text));
        }

        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(text) + 1];
        Encoding.UTF8.GetBytes(text, bytes);
        return bytes;
    }
}
