using System.Globalization;
using Imaged.Cli.Output;
using Imaged.Ipc;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Hosting;

/// <summary>A file that gets its name when it is complete and on the disk. Until then it has none, so that nothing is
/// left however the process ends; where the file system has no files without a name it has a temporary one beside it,
/// and goes when anything fails.</summary>
internal sealed class OutputFile : IDisposable
{
    // Between the making of a file and the lock on it, it looks like one that was left; and locks may not reach other
    // machines that share the folder, of which one may read again for hours what it wrote.
    private static readonly TimeSpan LeftAfter = TimeSpan.FromDays(1);

    private readonly string _path;
    private readonly string _temporary;
    private readonly string _folder;
    private readonly bool _replace;
    private readonly IDisposable _interrupt;
    private bool _isNamed;

    private OutputFile(string path, string temporary, bool replace, SafeFileHandle handle, bool isNamed)
    {
        _path = path;
        _temporary = temporary;
        _folder = Path.GetDirectoryName(path) ?? "/";
        _replace = replace;
        _isNamed = isNamed;
        Handle = handle;
        _ = TryLock(handle);
        _interrupt = Interrupts.Add(Remove);
    }

    /// <summary>Empty, opened for reading and writing.</summary>
    public SafeFileHandle Handle { get; }

    /// <summary>Creates the file.</summary>
    /// <param name="path">The final name.</param>
    /// <param name="replace">Whether a file of that name may be replaced.</param>
    /// <param name="isPrivate">Whether only its owner may read it: a copy of a disk has everything that is on
    /// it.</param>
    public static OutputFile Create(string path, bool replace, bool isPrivate = false)
    {
        OutputFile file = Open(path, replace);
        if (isPrivate)
        {
            File.SetUnixFileMode(file.Handle, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        return file;
    }

    /// <summary>Files with a temporary name whose writer is gone without having removed them, as after a power cut: of
    /// this machine or of any other that shares the folder, as far as its file system has locks.</summary>
    /// <param name="folder">Where to look; not in folders within.</param>
    public static IEnumerable<FileInfo> Leftovers(string folder) =>
        new DirectoryInfo(folder).EnumerateFiles(".*.part").Where(IsLeft);

    /// <summary>Whether a call failed as there was no room for what it wrote.</summary>
    public static bool IsFull(ImagedException error) => error.Errno is { } errno && IsFull(errno);

    /// <summary>Whether an error number says that there was no room.</summary>
    public static bool IsFull(int errno) => errno is Errno.ENOSPC or Errno.EDQUOT or Errno.EFBIG;

    /// <summary>What to tell then.</summary>
    /// <param name="path">The file.</param>
    /// <param name="error">How the call failed.</param>
    /// <param name="missing">How many bytes more it would have taken, about; null where nobody knows.</param>
    public static CliException Full(string path, ImagedException error, long? missing = null) =>
        Full(path, error.Message, missing);

    /// <inheritdoc cref="Full(string, ImagedException, long?)"/>
    public static CliException Full(string path, string error, long? missing = null)
    {
        string more =
            missing is { } bytes ? $"; about {HumanSize.Of(bytes)} more would have been needed" : string.Empty;
        return new(ExitCode.Failed, $"cannot write '{path}', which is as it was before: {error}{more}");
    }

    /// <summary>What to tell when anything else failed.</summary>
    /// <param name="path">The file.</param>
    /// <param name="error">What failed.</param>
    public static CliException NotWritten(string path, string error) =>
        new(ExitCode.Failed, $"'{path}' was not written and is as it was before: {error}");

    /// <summary>Makes the file last and gives it its name.</summary>
    public void Commit()
    {
        try
        {
            FileCache.Flush(Handle);
        }
        catch (LinuxException error)
        {
            throw NotWritten(_path, error.Message);
        }

        if (_isNamed || !HostPath.TryLink(Handle, _path))
        {
            Rename();
        }

        using SafeFileHandle folder = HostPath.OpenDirectory(_folder);
        FileCache.Flush(folder);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Remove();
        _interrupt.Dispose();
        Handle.Dispose();
    }

    private static OutputFile Open(string path, bool replace)
    {
        string full = Path.GetFullPath(path);
        if (new FileInfo(full).LinkTarget is not null)
        {
            full = File.ResolveLinkTarget(full, returnFinalTarget: true)?.FullName ?? full;
        }

        if (Directory.Exists(full))
        {
            throw new CliException(ExitCode.Usage, $"'{path}' is a directory; name the file to write");
        }

        if (File.Exists(full))
        {
            if (!IsRegular(full))
            {
                throw new CliException(ExitCode.Usage, $"'{path}' is no regular file; use - for standard output");
            }

            if (!replace)
            {
                throw Exists(path);
            }
        }

        string folder = Path.GetDirectoryName(full) ?? "/";
        string temporary = Path.Combine(folder, $".{Path.GetFileName(full)}.{Environment.ProcessId}.part");
        if (HostPath.TryCreateUnnamed(folder) is { } unnamed)
        {
            return new(full, temporary, replace, unnamed, isNamed: false);
        }

        try
        {
            SafeFileHandle handle = File.OpenHandle(
                temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            return new(full, temporary, replace, handle, isNamed: true);
        }
        catch (DirectoryNotFoundException)
        {
            throw new CliException(ExitCode.NotFound, $"there is no directory '{folder}' to write '{path}' to");
        }
        catch (UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Refused, $"you may not write to the directory '{folder}'");
        }
    }

    // A name that is taken is replaced by renaming only.
    private void Rename()
    {
        if (!_isNamed)
        {
            if (!_replace || !HostPath.TryLink(Handle, _temporary))
            {
                throw Exists(_path);
            }

            _isNamed = true;
        }

        try
        {
            File.Move(_temporary, _path, _replace);
            _isNamed = false;
        }
        catch (IOException) when (!_replace && File.Exists(_path))
        {
            throw Exists(_path);
        }
    }

    // Whoever writes has the lock for as long as he lives.
    private static bool IsLeft(FileInfo file)
    {
        string[] parts = file.Name.Split('.');
        if (!int.TryParse(parts[^2], NumberStyles.None, CultureInfo.InvariantCulture, out _)
            || file.LinkTarget is not null
            || DateTime.UtcNow - file.LastWriteTimeUtc < LeftAfter)
        {
            return false;
        }

        try
        {
            using SafeFileHandle handle = HostPath.OpenPath(file.FullName);
            if (!HostPath.Identify(handle).IsRegular)
            {
                return false;
            }

            using SafeFileHandle opened = HostPath.ReopenReadWrite(handle);
            return TryLock(opened);
        }
        catch (LinuxException)
        {
            return false; // it has gone meanwhile, or belongs to somebody else
        }
    }

    private static bool TryLock(SafeFileHandle handle)
    {
        try
        {
            return FileLock.TryLock(handle, isShared: false);
        }
        catch (LinuxException)
        {
            return false; // a file system without locks
        }
    }

    private static CliException Exists(string path) =>
        new(ExitCode.Failed, $"'{path}' exists; use --force to replace it");

    private static bool IsRegular(string path)
    {
        using SafeFileHandle handle = HostPath.OpenPath(path);
        return HostPath.Identify(handle).IsRegular;
    }

    private void Remove()
    {
        if (_isNamed)
        {
            _isNamed = false;
            File.Delete(_temporary);
        }
    }
}
