using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Worker.Open;

/// <summary>The files of the host that an image may use: the descriptor that came with the request, and its siblings
/// beneath the directory that the process was started with.</summary>
internal sealed class WorkerFiles : HostFiles
{
    private const int MaxSiblings = 65536;
    private const int MaxOpened = 4096;

    private readonly SafeFileHandle? _directory;
    private readonly string _folder;
    private readonly List<HostFile> _opened = [];
    private readonly List<(SafeFileHandle Handle, BlockSource Source)> _sources = [];

    /// <summary>Takes ownership of <paramref name="image"/>, not of <paramref name="directory"/>.</summary>
    /// <param name="image">The file that the user named.</param>
    /// <param name="path">Its name; its absolute path when it may refer to files outside.</param>
    /// <param name="directory">Where it is; the root directory when it may refer to files outside.</param>
    /// <param name="allowOutside">Whether it may.</param>
    /// <exception cref="IOException">The image is neither a regular file nor a block device.</exception>
    public WorkerFiles(SafeFileHandle image, string path, SafeFileHandle? directory, bool allowOutside)
    {
        _directory = directory;
        AllowsOutside = allowOutside && directory is not null;
        _folder = (AllowsOutside ? Path.GetDirectoryName(path) : null) ?? string.Empty;
        Image = Add(image, Path.GetFileName(path));
    }

    /// <inheritdoc/>
    public override bool AllowsOutside { get; }

    /// <summary>The file that the user named.</summary>
    public BlockSource Image { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<HostFile> Opened => _opened;

    /// <summary>Descriptor of a file by its index.</summary>
    public SafeFileHandle HandleOf(int fileIndex) => _sources[fileIndex].Handle;

    /// <inheritdoc/>
    public override IReadOnlyList<string> ListSiblings()
    {
        if (_directory is null)
        {
            return [];
        }

        string path = FormattableString.Invariant($"/proc/self/fd/{_directory.DangerousGetHandle()}{_folder}");
        return [.. Directory.EnumerateFiles(path).Take(MaxSiblings).Select(file => Path.GetFileName(file))];
    }

    /// <inheritdoc/>
    protected override bool TryOpenCore(string name, out BlockSource source)
    {
        source = null!;
        int known = _opened.FindIndex(file => file.Name == name);
        if (known >= 0)
        {
            source = _sources[known].Source;
            return true;
        }

        if (_directory is null || _opened.Count == MaxOpened)
        {
            return false;
        }

        try
        {
            SafeFileHandle handle = OpenPath(_directory, name);
            if (!HostPath.Identify(handle).IsRegular)
            {
                handle.Dispose();
                return false;
            }

            source = Add(handle, name);
            return true;
        }
        catch (LinuxException error) when (IsNotThere(error))
        {
            return false;
        }
    }

    /// <inheritdoc/>
    protected override bool TryOpenInsideCore(string folder, string name, out BlockSource source)
    {
        source = null!;
        try
        {
            SafeFileHandle? handle = _directory is null ? null : OpenPath(_directory, $"{folder}/{name}");
            if (handle is null || !HostPath.Identify(handle).IsRegular)
            {
                handle?.Dispose();
                return false;
            }

            source = new FileSource(handle);
            return true;
        }
        catch (LinuxException error) when (IsNotThere(error))
        {
            return false;
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        foreach ((_, BlockSource source) in _sources)
        {
            source.Dispose();
        }
    }

    private SafeFileHandle OpenPath(SafeFileHandle directory, string path) => AllowsOutside
        ? HostPath.OpenFileIn(directory, Path.Combine(_folder, path))
        : HostPath.OpenBeneath(directory, path);

    private static bool IsNotThere(LinuxException error) =>
        error.Errno is Errno.ENOENT or Errno.ELOOP or Errno.ENOTDIR or 18 /* EXDEV */;

    private BlockSource Add(SafeFileHandle handle, string name)
    {
        FileIdentity identity = HostPath.Identify(handle);
        BlockSource source = identity switch
        {
            { IsRegular: true } => new FileSource(handle, _opened.Count),
            { IsBlockDevice: true } => new DirectSource(handle, _opened.Count),
            _ => throw new IOException($"'{name}' is neither a regular file nor a block device"),
        };
        _opened.Add(new HostFile(name, source.Length));
        _sources.Add((handle, source));
        return source;
    }
}
