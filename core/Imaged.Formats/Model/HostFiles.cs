using Imaged.Blocks;

namespace Imaged.Formats.Model;

/// <summary>A file of the host that an image consists of.</summary>
/// <param name="Name">File name without a folder.</param>
/// <param name="Length">Length in bytes.</param>
public sealed record HostFile(string Name, long Length);

/// <summary>The files that an image may open: the one that the user named, and its siblings in the same directory. The
/// position of a file in <see cref="Opened"/> is the file index in the extents of its source.</summary>
public abstract class HostFiles : IDisposable
{
    /// <summary>Longest sibling name in bytes.</summary>
    public const int MaxNameLength = 255;

    private const int MaxPathLength = 4095;

    /// <summary>What has been opened, in the order of file indices; 0 is the file that the user named.</summary>
    public abstract IReadOnlyList<HostFile> Opened { get; }

    /// <summary>Whether files in other directories may be opened, because the user said so.</summary>
    public virtual bool AllowsOutside => false;

    /// <summary>Opens a file that an image names by a path, in whatever directory, if that is allowed. The source
    /// belongs to this object.</summary>
    /// <param name="path">The path as recorded; a relative one begins where the naming file is.</param>
    /// <param name="from">Name of the naming file: bare for one beside the image, else as this method told it.</param>
    /// <param name="name">The name under which it is known from now on.</param>
    /// <param name="source">The file.</param>
    /// <returns>False when that is not allowed or there is no such regular file.</returns>
    public bool TryOpenOutside(string path, string from, out string name, out BlockSource source)
    {
        string folder = Path.GetDirectoryName(from) ?? string.Empty;
        name = Path.Combine(folder, path);
        source = null!;
        return AllowsOutside && name.Length is > 0 and <= MaxPathLength && !name.Contains('\0')
            && TryOpenCore(name, out source);
    }

    /// <summary>Opens a sibling for reading. The source belongs to this object.</summary>
    /// <param name="name">A bare file name from the image: anything with a slash, a NUL, <c>.</c> or <c>..</c> is
    /// refused as not there.</param>
    /// <param name="source">The sibling.</param>
    /// <returns>False when there is no such regular file or siblings cannot be opened.</returns>
    public bool TryOpen(string name, out BlockSource source)
    {
        if (!IsName(name))
        {
            source = null!;
            return false;
        }

        return TryOpenCore(name, out source);
    }

    /// <summary>Opens a file in a folder beside the image, for bundles, which keep a folder of many: it is no part of
    /// <see cref="Opened"/>, its extents have no host range that means anything, and the caller disposes it.</summary>
    /// <param name="folder">A bare name, as <paramref name="name"/>.</param>
    /// <param name="name">A bare file name, as of <see cref="TryOpen"/>.</param>
    /// <param name="source">The file.</param>
    /// <returns>False when there is no such regular file or folders cannot be looked into.</returns>
    public bool TryOpenInside(string folder, string name, out BlockSource source)
    {
        if (!IsName(folder) || !IsName(name))
        {
            source = null!;
            return false;
        }

        return TryOpenInsideCore(folder, name, out source);
    }

    /// <summary>Names of the regular files beside the image, for matching without regard to case. At most
    /// 65536.</summary>
    public abstract IReadOnlyList<string> ListSiblings();

    /// <summary>Closes all files.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>As <see cref="TryOpen"/>, for a name that is one path component; a path only where
    /// <see cref="AllowsOutside"/>, and then it begins in the image's directory.</summary>
    protected abstract bool TryOpenCore(string name, out BlockSource source);

    /// <summary>As <see cref="TryOpenInside"/>, for names that are one path component each.</summary>
    protected virtual bool TryOpenInsideCore(string folder, string name, out BlockSource source)
    {
        source = null!;
        return false;
    }

    /// <summary>Closes all files.</summary>
    protected abstract void Dispose(bool disposing);

    private static bool IsName(string name) =>
        name.Length is > 0 and <= MaxNameLength && name is not ("." or "..") && !name.AsSpan().ContainsAny('/', '\0');
}
