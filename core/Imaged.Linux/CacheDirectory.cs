using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace Imaged.Linux;

/// <summary>Directories for what may be lost at any time. One that others than its owner may write to is not used: who
/// writes there chooses what a worker reads.</summary>
public static unsafe partial class CacheDirectory
{
    private const uint OthersMayWrite = 0x12; // 0022

    /// <summary>The calling user's own: <c>$XDG_CACHE_HOME/imaged</c>, else <c>~/.cache/imaged</c>. Made when it is
    /// missing.</summary>
    /// <returns>Null when it cannot be had, which does no harm.</returns>
    public static SafeFileHandle? TryOpenOwn()
    {
        string? home = Environment.GetEnvironmentVariable("HOME");
        string? cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        if (string.IsNullOrEmpty(cache) || !Path.IsPathRooted(cache))
        {
            cache = string.IsNullOrEmpty(home) || !Path.IsPathRooted(home) ? null : Path.Combine(home, ".cache");
        }

        return cache is null || !TryMake(cache) ? null : TryOpen(Path.Combine(cache, "imaged"), LibC.geteuid());
    }

    /// <summary>A user's directory below one that belongs to root. Made when it is missing, and given to the
    /// user.</summary>
    /// <param name="root">Path of root's directory; made when it is missing.</param>
    /// <param name="uid">The user.</param>
    /// <param name="gid">The user's group.</param>
    /// <returns>Null when it cannot be had, which does no harm.</returns>
    public static SafeFileHandle? TryOpenFor(string root, uint uid, uint gid)
    {
        using SafeFileHandle? folder = TryMake(root) ? TryOpen(root, LibC.geteuid()) : null;
        if (folder is null)
        {
            return null;
        }

        // What stands in root's directory only root has put there.
        string path = Path.Combine(root, uid.ToString(System.Globalization.CultureInfo.InvariantCulture));
        if (TryOpen(path, uid) is { } there)
        {
            return there;
        }

        using SafeFileHandle? made = TryOpen(path, LibC.geteuid());
        return made is not null && fchown(HostPath.Number(made), uid, gid) == 0 ? HostPath.Duplicate(made) : null;
    }

    /// <summary>Bytes that are free for its owner on the file system that holds a file.</summary>
    public static long FreeBytes(SafeFileHandle file)
    {
        // struct statfs, 120 bytes where pointers have 64 bits: type, block size, blocks, free ones, available ones.
        long* facts = stackalloc long[32];
        if (fstatfs(HostPath.Number(file), facts) != 0)
        {
            return 0;
        }

        return (long)Math.Min(long.MaxValue, (decimal)facts[1] * facts[4]);
    }

    // With its parents.
    private static bool TryMake(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
            return true;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static SafeFileHandle? TryOpen(string path, uint owner)
    {
        fixed (byte* bytes = HostPath.Bytes(path))
        {
            // EEXIST is as good.
            _ = LibC.mkdir(bytes, 0x1c0 /* 0700 */);
            int fd = LibC.open(bytes, LibC.O_RDONLY | LibC.O_DIRECTORY | LibC.O_NOFOLLOW | LibC.O_CLOEXEC, default);
            if (fd < 0)
            {
                return null;
            }

            SafeFileHandle handle = HostPath.Wrap(fd);
            FileIdentity identity = HostPath.Identify(handle);
            if (identity.Uid == owner && (identity.Mode & OthersMayWrite) == 0)
            {
                return handle;
            }

            handle.Dispose();
            return null;
        }
    }

    [LibraryImport("libc")]
    private static partial int fchown(int file, uint uid, uint gid);

    [LibraryImport("libc")]
    private static partial int fstatfs(int file, long* facts);
}
