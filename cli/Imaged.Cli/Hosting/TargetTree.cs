using System.Text;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Hosting;

/// <summary>The files of a volume that was written, by paths from its root. No symbolic link is followed, so that
/// nothing outside can be reached whatever the volume holds.</summary>
internal sealed class TargetTree
{
    private const int MaxFileLength = 4 << 20;
    private const int MaxNames = 4096;

    private readonly SafeFileHandle _root;
    private readonly string _prefix;

    /// <summary>A tree.</summary>
    /// <param name="root">The root of its file system; stays the caller's.</param>
    /// <param name="prefix">Where in it the tree begins: empty, or a directory with a slash behind it.</param>
    public TargetTree(SafeFileHandle root, string prefix)
    {
        _root = root;
        _prefix = prefix;
    }

    /// <summary>Whether there is anything of this path, a link among others.</summary>
    public bool Has(string path)
    {
        using SafeFileHandle? found = TryOpen(path);
        return found is not null;
    }

    /// <summary>Names of the regular files in a directory; none when it is no directory.</summary>
    public IReadOnlyList<string> ListFiles(string path)
    {
        using SafeFileHandle? directory = TryOpenDirectory(path);
        if (directory is null)
        {
            return [];
        }

        string known = FormattableString.Invariant($"/proc/self/fd/{directory.DangerousGetHandle()}");
        return
        [
            .. Directory.EnumerateFiles(known).Take(MaxNames).Select(file => Path.GetFileName(file))
                .Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>Names of the directories in a directory; none when it is no directory.</summary>
    public IReadOnlyList<string> ListDirectories(string path)
    {
        using SafeFileHandle? directory = TryOpenDirectory(path);
        string known = FormattableString.Invariant($"/proc/self/fd/{directory?.DangerousGetHandle()}");
        return directory is null
            ? []
            : [.. Directory.EnumerateDirectories(known).Take(MaxNames).Select(item => Path.GetFileName(item))];
    }

    /// <summary>The text of a regular file, byte by byte; null when there is none, or it is longer than what people
    /// edit.</summary>
    public string? TryRead(string path)
    {
        using SafeFileHandle? file = TryOpenFile(path, isWritten: false);
        if (file is null || RandomAccess.GetLength(file) is var length && length > MaxFileLength)
        {
            return null;
        }

        byte[] bytes = new byte[length];
        int count = RandomAccess.Read(file, bytes, 0);
        return Encoding.Latin1.GetString(bytes, 0, count);
    }

    /// <summary>Overwrites a regular file, which keeps its owner, mode and labels.</summary>
    /// <returns>False when there is no regular file of this path.</returns>
    public bool TryOverwrite(string path, string text)
    {
        using SafeFileHandle? file = TryOpenFile(path, isWritten: true);
        if (file is null)
        {
            return false;
        }

        byte[] bytes = Encoding.Latin1.GetBytes(text);
        RandomAccess.Write(file, bytes, 0);
        RandomAccess.SetLength(file, bytes.Length);
        FileCache.Flush(file);
        return true;
    }

    /// <summary>Makes a regular file of root; what has the name is replaced.</summary>
    /// <param name="folder">Path of its directory, which is there.</param>
    /// <param name="name">Its name.</param>
    /// <param name="content">Its bytes.</param>
    /// <param name="isPrivate">Whether root alone may read it.</param>
    public void Create(string folder, string name, byte[] content, bool isPrivate)
    {
        using HostDirectory directory = OpenFolder(folder);
        using SafeFileHandle file = directory.CreateFile(Encoding.UTF8.GetBytes(name));
        RandomAccess.Write(file, content, 0);
        if (!isPrivate)
        {
            File.SetUnixFileMode(
                file,
                UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }

        FileCache.Flush(file);
    }

    /// <summary>Removes a regular file.</summary>
    /// <returns>False when there is no regular file of this path.</returns>
    public bool TryRemove(string folder, string name)
    {
        using (SafeFileHandle? file = TryOpen($"{folder}/{name}"))
        {
            if (file is null || !HostPath.Identify(file).IsRegular)
            {
                return false;
            }
        }

        using HostDirectory directory = OpenFolder(folder);
        directory.RemoveFile(Encoding.UTF8.GetBytes(name));
        return true;
    }

    private HostDirectory OpenFolder(string path) =>
        new(HostPath.OpenPathWithoutLinks(_root, _prefix + path));

    private SafeFileHandle? TryOpenDirectory(string path)
    {
        SafeFileHandle? found = TryOpen(path);
        if (found is not null && HostPath.Identify(found).IsDirectory)
        {
            return found;
        }

        found?.Dispose();
        return null;
    }

    private SafeFileHandle? TryOpenFile(string path, bool isWritten)
    {
        // What it is comes first: opening a FIFO waits, and opening a device may do something.
        using SafeFileHandle? found = TryOpen(path);
        return found is null || !HostPath.Identify(found).IsRegular ? null
            : isWritten ? HostPath.ReopenReadWrite(found)
            : HostPath.ReopenRead(found);
    }

    private SafeFileHandle? TryOpen(string path)
    {
        try
        {
            return HostPath.OpenPathWithoutLinks(_root, _prefix + path);
        }
        catch (LinuxException error) when (error.Errno is Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP)
        {
            return null;
        }
    }
}
