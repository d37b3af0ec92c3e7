using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace Imaged.Linux;

/// <summary>A directory in which files are made. Names are bytes and single path components; nothing follows a symbolic
/// link, so that names from an image lead nowhere else.</summary>
public sealed unsafe partial class HostDirectory : IDisposable
{
    private const int AtFdCwd = -100;
    private const int AtSymlinkNoFollow = 0x100;
    private const int AtSymlinkFollow = 0x400;
    private const int AtEmptyPath = 0x1000;
    private const int NameMax = 255;

    private readonly SafeFileHandle _handle;

    /// <summary>Takes ownership of an open directory.</summary>
    public HostDirectory(SafeFileHandle handle)
    {
        _handle = handle;
    }

    /// <summary>Makes a directory with mode 0700, or opens the one that is there.</summary>
    /// <exception cref="LinuxException">There is something else of this name, or it cannot be made.</exception>
    public HostDirectory CreateDirectory(ReadOnlySpan<byte> name)
    {
        fixed (byte* path = Terminate(name, stackalloc byte[NameMax + 1]))
        {
            if (LibC.mkdirat(Fd, path, 0x1c0 /* 0700 */) < 0 && LibC.errno != 17 /* EEXIST */)
            {
                LinuxException.Throw("make a directory");
            }

            int flags = LibC.O_RDONLY | LibC.O_DIRECTORY | LibC.O_NOFOLLOW | LibC.O_CLOEXEC;
            int fd = LibC.openat(Fd, path, flags, default);
            return new(HostPath.Wrap(LinuxException.Check(fd, "open the directory")));
        }
    }

    /// <summary>Makes an empty file with mode 0600 and opens it for writing; a file of this name is replaced.</summary>
    public SafeFileHandle CreateFile(ReadOnlySpan<byte> name)
    {
        fixed (byte* path = Terminate(name, stackalloc byte[NameMax + 1]))
        {
            Remove(path);
            int flags = LibC.O_RDWR | LibC.O_CREAT | LibC.O_EXCL | LibC.O_NOFOLLOW | LibC.O_CLOEXEC;
            int fd = LibC.openat(Fd, path, flags, 0x180 /* 0600 */);
            return HostPath.Wrap(LinuxException.Check(fd, "make a file"));
        }
    }

    /// <summary>Makes a file without a name, opened for reading and writing: it is gone when nobody has it
    /// open.</summary>
    /// <exception cref="LinuxException">It cannot be made; not all file systems have such files.</exception>
    public SafeFileHandle CreateUnnamed()
    {
        fixed (byte* here = ".\0"u8)
        {
            int fd = LibC.openat(Fd, here, LibC.O_TMPFILE | LibC.O_RDWR | LibC.O_CLOEXEC, 0x180 /* 0600 */);
            return HostPath.Wrap(LinuxException.Check(fd, "make a file without a name"));
        }
    }

    /// <summary>Gives a file another name; one that has it is replaced.</summary>
    public void Rename(ReadOnlySpan<byte> name, ReadOnlySpan<byte> newName)
    {
        fixed (byte* from = Terminate(name, stackalloc byte[NameMax + 1]))
        {
            fixed (byte* to = Terminate(newName, stackalloc byte[NameMax + 1]))
            {
                LinuxException.Check(renameat(Fd, from, Fd, to), "rename a file");
            }
        }
    }

    /// <summary>Removes a file, if it is there.</summary>
    public void RemoveFile(ReadOnlySpan<byte> name)
    {
        fixed (byte* path = Terminate(name, stackalloc byte[NameMax + 1]))
        {
            Remove(path);
        }
    }

    /// <summary>Makes a symbolic link; a file of this name is replaced.</summary>
    public void CreateSymbolicLink(ReadOnlySpan<byte> name, ReadOnlySpan<byte> target)
    {
        byte[] text = [.. target, 0];
        fixed (byte* path = Terminate(name, stackalloc byte[NameMax + 1]), value = text)
        {
            Remove(path);
            LinuxException.Check(LibC.symlinkat(value, Fd, path), "make a symbolic link");
        }
    }

    /// <summary>Makes a FIFO, a socket or a device node; a file of this name is replaced.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="type">Type bits of its mode.</param>
    /// <param name="device">What a device node stands for.</param>
    public void CreateNode(ReadOnlySpan<byte> name, uint type, DeviceNumber device)
    {
        fixed (byte* path = Terminate(name, stackalloc byte[NameMax + 1]))
        {
            Remove(path);
            LinuxException.Check(mknodat(Fd, path, type | 0x180, device.Number), "make a special file");
        }
    }

    /// <summary>Makes another name for an open file; a file of this name is replaced.</summary>
    public void CreateHardLink(ReadOnlySpan<byte> name, SafeFileHandle file)
    {
        fixed (byte* path = Terminate(name, stackalloc byte[NameMax + 1]))
        {
            fixed (byte* source = HostPath.Bytes(FormattableString.Invariant($"/proc/self/fd/{HostPath.Number(file)}")))
            {
                Remove(path);
                LinuxException.Check(LibC.linkat(AtFdCwd, source, Fd, path, AtSymlinkFollow), "make a hard link");
            }
        }
    }

    /// <summary>Sets owner, mode and times of an entry, or of this directory itself for an empty name. An owner that
    /// may not be given away is left; so is a mode that the file system cannot keep.</summary>
    /// <param name="name">The entry; empty for this directory.</param>
    /// <param name="uid">Owner.</param>
    /// <param name="gid">Group.</param>
    /// <param name="mode">Type and permissions.</param>
    /// <param name="accessed">Access time in seconds and nanoseconds.</param>
    /// <param name="modified">Modification time in seconds and nanoseconds.</param>
    /// <returns>Whether the owner could be set.</returns>
    public bool SetAttributes(
        ReadOnlySpan<byte> name, uint uid, uint gid, uint mode,
        (long Seconds, uint Nanoseconds) accessed, (long Seconds, uint Nanoseconds) modified)
    {
        fixed (byte* path = Terminate(name, stackalloc byte[NameMax + 1]))
        {
            int flags = AtSymlinkNoFollow | (name.IsEmpty ? AtEmptyPath : 0);
            bool owned = LibC.fchownat(Fd, path, uid, gid, flags) == 0;
            if ((mode & 0xF000) != 0xA000)
            {
                // Set-id bits only for the owner they were meant for.
                uint permissions = mode & (owned ? 0xFFFu : 0x3FFu);
                int changed = name.IsEmpty
                    ? LibC.fchmod(Fd, (ushort)permissions)
                    : LibC.fchmodat(Fd, path, (ushort)permissions, 0);
                if (changed < 0 && LibC.errno is not (Errno.EPERM or Errno.EOPNOTSUPP))
                {
                    LinuxException.Throw("set the mode");
                }
            }

            long* times =
                stackalloc long[4] { accessed.Seconds, accessed.Nanoseconds, modified.Seconds, modified.Nanoseconds };
            fixed (byte* here = ".\0"u8)
            {
                // The C library refuses a null path here, although the kernel takes it.
                int result = utimensat(Fd, name.IsEmpty ? here : path, times, AtSymlinkNoFollow);
                LinuxException.Check(result, "set the times");
            }

            return owned;
        }
    }

    /// <summary>Sets an extended attribute of an open file or of this directory (null).</summary>
    /// <returns>False when the file system or the caller's rights do not allow it.</returns>
    public bool TrySetAttribute(SafeFileHandle? file, string attribute, ReadOnlySpan<byte> value)
    {
        fixed (byte* key = HostPath.Bytes(attribute), bytes = value)
        {
            return fsetxattr(file is null ? Fd : HostPath.Number(file), key, bytes, (nuint)value.Length, 0) == 0;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    private int Fd => HostPath.Number(_handle);

    private static Span<byte> Terminate(ReadOnlySpan<byte> name, Span<byte> buffer)
    {
        if (name.Length > NameMax
            || name.ContainsAny((byte)'/', (byte)0)
            || name.SequenceEqual("."u8)
            || name.SequenceEqual(".."u8))
        {
            throw new LinuxException("use a name from the image", Errno.EINVAL);
        }

        name.CopyTo(buffer);
        buffer[name.Length] = 0;
        return buffer;
    }

    private void Remove(byte* path)
    {
        if (LibC.unlinkat(Fd, path, 0) < 0 && LibC.errno != Errno.ENOENT)
        {
            LinuxException.Throw("replace a file");
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int renameat(int directory, byte* path, int newDirectory, byte* newPath);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mknodat(int directory, byte* path, uint mode, ulong device);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int utimensat(int directory, byte* path, long* times, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsetxattr(int file, byte* name, byte* value, nuint size, int flags);
}
