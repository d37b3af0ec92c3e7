using System.Text;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace Imaged.Linux;

/// <summary>Attributes of a mount (<c>mount_setattr(2)</c>).</summary>
[Flags]
public enum MountAttributes : uint
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Read-only.</summary>
    ReadOnly = 0x1,

    /// <summary>Set-id bits have no effect.</summary>
    NoSuid = 0x2,

    /// <summary>Device nodes cannot be opened.</summary>
    NoDev = 0x4,

    /// <summary>Programs cannot be run.</summary>
    NoExec = 0x8,

    /// <summary>Access times are not updated.</summary>
    NoAtime = 0x10,
}

/// <summary>Makes and removes mounts by the mount API of Linux 5.2 (<c>fsopen</c>, <c>fsconfig</c>, <c>fsmount</c>,
/// <c>move_mount</c>): the file system exists, detached and nowhere to be seen, before it is put into its place, and
/// refusals come with the kernel's own words.</summary>
public static unsafe class MountApi
{
    private const int SysMoveMount = 429;
    private const int SysFsopen = 430;
    private const int SysFsconfig = 431;
    private const int SysFsmount = 432;
    private const int SetFlag = 0;
    private const int SetString = 1;
    private const int CommandCreate = 6;
    private const int MoveMountFromEmptyPath = 0x4;
    private const int MoveMountToEmptyPath = 0x40;
    private const int AtFdCwd = -100;
    private const int UmountDetach = 2;
    private const int UmountNoFollow = 8;

    /// <summary>Makes a file system and a detached mount of it. It vanishes with its last descriptor and file unless
    /// <see cref="Move"/> puts it somewhere.</summary>
    /// <param name="type">File system type, never guessed: what was probed.</param>
    /// <param name="options">Options of the file system in order; a null value stands for a flag.</param>
    /// <param name="attributes">Attributes of the mount.</param>
    /// <exception cref="LinuxException">The kernel refuses; ENODEV when it has no driver of this type.</exception>
    public static SafeFileHandle Create(
        string type, IReadOnlyList<KeyValuePair<string, string?>> options, MountAttributes attributes)
    {
        using SafeFileHandle context = Open(type);
        foreach ((string key, string? value) in options)
        {
            Configure(context, value is null ? SetFlag : SetString, key, value, type);
        }

        Configure(context, CommandCreate, null, null, type);
        long mount = (long)LibC.syscall(SysFsmount, HostPath.Number(context), 1 /* FSMOUNT_CLOEXEC */, (int)attributes);
        return HostPath.Wrap(LinuxException.Check((int)mount, $"mount {type}"));
    }

    /// <summary>Puts a detached mount on a directory.</summary>
    /// <param name="mount">From <see cref="Create"/>.</param>
    /// <param name="directory">An open directory; where a path points to cannot change in between.</param>
    public static void Move(SafeFileHandle mount, SafeFileHandle directory)
    {
        byte empty = 0;
        long result = (long)LibC.syscall(
            SysMoveMount,
            HostPath.Number(mount),
            &empty,
            HostPath.Number(directory),
            &empty,
            MoveMountFromEmptyPath | MoveMountToEmptyPath);
        LinuxException.Check((int)result, $"mount on '{HostPath.NameOf(directory)}'");
    }

    /// <summary>Unmounts. No symbolic link is followed, and nothing but this mount goes: whoever owns a directory above
    /// it may put something else under its path at any time.</summary>
    /// <param name="mount">From <see cref="MountTable"/>.</param>
    /// <param name="lazy">Whether users may go on using what they have open (<c>MNT_DETACH</c>).</param>
    /// <returns>False when another mount, or none, is at its path now.</returns>
    /// <exception cref="LinuxException">EBUSY: it is in use.</exception>
    public static bool TryUnmount(MountEntry mount, bool lazy)
    {
        // An open descriptor of the mount itself would keep it busy: it is named by its directory, from which nobody
        // can take it away, because a mount point can be neither renamed nor removed.
        using SafeFileHandle? parent = TryOpen(null, Path.GetDirectoryName(mount.Path) ?? "/");
        string name = Path.GetFileName(mount.Path);
        if (parent is null || !IsMounted(mount.Id, parent, name))
        {
            return false;
        }

        string path = FormattableString.Invariant($"/proc/self/fd/{HostPath.Number(parent)}/{name}");
        fixed (byte* bytes = HostPath.Bytes(path))
        {
            int flags = UmountNoFollow | (lazy ? UmountDetach : 0);
            LinuxException.Check(LibC.umount2(bytes, flags), $"unmount '{mount.Path}'");
            return true;
        }
    }

    /// <summary>Types of file systems that the kernel has drivers for now. One that is a module may be missing here and
    /// be loaded when it is asked for.</summary>
    public static IReadOnlyList<string> ListDrivers() =>
        [.. File.ReadLines("/proc/filesystems").Select(line => line[(line.IndexOf('\t') + 1)..])];

    private static bool IsMounted(int id, SafeFileHandle parent, string name)
    {
        using SafeFileHandle? top = TryOpen(parent, name);
        return top is not null && MountTable.IdOf(top) == id;
    }

    private static SafeFileHandle? TryOpen(SafeFileHandle? directory, string path)
    {
        try
        {
            return HostPath.OpenPathWithoutLinks(directory, path);
        }
        catch (LinuxException error) when (error.Errno is Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP)
        {
            return null;
        }
    }

    private static SafeFileHandle Open(string type)
    {
        fixed (byte* name = HostPath.Bytes(type))
        {
            int context = (int)(long)LibC.syscall(SysFsopen, name, 1 /* FSOPEN_CLOEXEC */);
            return HostPath.Wrap(LinuxException.Check(context, $"mount {type}"));
        }
    }

    private static void Configure(SafeFileHandle context, int command, string? key, string? value, string type)
    {
        fixed (byte* keyBytes = key is null ? null : HostPath.Bytes(key))
        {
            fixed (byte* valueBytes = value is null ? null : HostPath.Bytes(value))
            {
                int fd = HostPath.Number(context);
                if ((long)LibC.syscall(SysFsconfig, fd, command, keyBytes, valueBytes, 0) < 0)
                {
                    int errno = LibC.errno;
                    string what = key is null ? $"mount {type}" : $"mount {type} with option '{key}'";
                    throw new LinuxException(what, errno, ReadMessages(context));
                }
            }
        }
    }

    // The context's descriptor yields one message a read, each with a letter for its kind: "e ext4: bad geometry".
    private static string? ReadMessages(SafeFileHandle context)
    {
        List<string> messages = [];
        byte[] buffer = new byte[1024];
        fixed (byte* bytes = buffer)
        {
            while (messages.Count < 8)
            {
                long count = LibC.read(HostPath.Number(context), bytes, buffer.Length);
                if (count <= 0)
                {
                    break;
                }

                string text = Encoding.UTF8.GetString(buffer, 0, (int)count).Trim();
                messages.Add(text.Length > 2 && text[1] == ' ' ? text[2..] : text);
            }
        }

        return messages.Count == 0 ? null : string.Join(", ", messages);
    }
}
