using System.IO.Enumeration;
using Imaged.Ipc;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Automount;

/// <summary>A folder whose image files are mounted. Hidden files and symbolic links are passed over.</summary>
internal sealed class ImageFolder : IDisposable
{
    /// <summary>Of more files the first are used, by name: each takes a process.</summary>
    public const int MaxFiles = 64;

    private static readonly EnumerationOptions Enumeration = new()
    {
        AttributesToSkip = FileAttributes.ReparsePoint | FileAttributes.Hidden,
        IgnoreInaccessible = true,
    };

    /// <summary>Takes ownership of an open folder.</summary>
    public ImageFolder(SafeFileHandle handle, string path)
    {
        Handle = handle;
        Path = path;
    }

    /// <summary>The folder.</summary>
    public SafeFileHandle Handle { get; }

    /// <summary>Its path, for people.</summary>
    public string Path { get; }

    /// <summary>Names of the files that may be images.</summary>
    /// <param name="patterns">What a name must fit, one of them; empty for all.</param>
    /// <param name="left">How many were left out, because there are too many.</param>
    public IReadOnlyList<string> List(IReadOnlyList<string> patterns, out int left)
    {
        // By its descriptor: the path may lead elsewhere by now.
        string opened = $"/proc/self/fd/{Handle.DangerousGetHandle()}";
        List<string> names =
        [
            .. Directory.EnumerateFiles(opened, "*", Enumeration)
                .Select(path => System.IO.Path.GetFileName(path))
                .Where(name => patterns.Count == 0
                    || patterns.Any(pattern => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: true)))
                .Order(StringComparer.Ordinal),
        ];
        left = Math.Max(0, names.Count - MaxFiles);
        return names[..(names.Count - left)];
    }

    /// <summary>What to tell when files were left out.</summary>
    public string DescribeLeft(int left) =>
        $"{left} more files in '{Path}' are not mounted, {MaxFiles} at most are; name those that are meant with "
        + "'automount-names' in imaged.conf";

    /// <summary>Opens a file for reading.</summary>
    /// <exception cref="LinuxException">It cannot be opened. One whose name is not UTF-8 is not found.</exception>
    /// <exception cref="ImagedException">It is no regular file.</exception>
    public SafeFileHandle Open(string name)
    {
        SafeFileHandle handle = HostPath.OpenBeneath(Handle, name);
        if (HostPath.Identify(handle).IsRegular)
        {
            return handle;
        }

        handle.Dispose();
        throw new ImagedException(ErrorKind.InvalidArgument, "it is no regular file");
    }

    /// <summary>The path of a file in it.</summary>
    public string PathOf(string name) => System.IO.Path.Combine(Path, name);

    /// <inheritdoc/>
    public void Dispose() => Handle.Dispose();
}
