using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Linux;

namespace Imaged.TestKit;

/// <summary>A real sample and the files beside it, under the names that they have unpacked: what stands there as
/// <c>disc.img.xz</c> is found as <c>disc.img</c>.</summary>
public sealed class SampleFiles : HostFiles
{
    private static readonly string[] Packed = [".xz", ".gz", ".bz2", ".Z"];

    private readonly string _folder;
    private readonly List<HostFile> _opened = [];
    private readonly List<BlockSource> _sources = [];

    /// <summary>The files of a sample.</summary>
    /// <param name="name">Relative to the samples' folder, as in its manifest, packed or not.</param>
    /// <param name="first">The bytes of the file; null for those of the sample.</param>
    /// <param name="unpack">Whether a packed sample is meant unpacked: false when the packing is what is
    /// tested.</param>
    public SampleFiles(string name, BlockSource? first = null, bool unpack = true)
    {
        Requires.Samples();
        _folder = Path.GetDirectoryName(name) ?? string.Empty;
        Evidence.Note("sample", name);
        Name = Path.GetFileName(unpack ? Unpacked(name) : name);
        string path = unpack ? Samples.Get(name) : Path.Combine(Samples.Root, name);
        First = Add(Name, first ?? FileSource.Open(path));
    }

    /// <summary>Copies a sample, unpacked, and what is beside it in a folder of its own.</summary>
    /// <param name="name">Relative to the samples' folder, as in its manifest.</param>
    /// <param name="folder">Where to; it exists.</param>
    /// <returns>Path of the copied sample.</returns>
    public static string Copy(string name, string folder)
    {
        Requires.Samples();
        string source = Path.GetDirectoryName(name) ?? string.Empty;

        // A folder below that of the format holds one image of several files.
        string[] files = source.Contains('/', StringComparison.Ordinal)
            ? [.. Directory.EnumerateFiles(Path.Combine(Samples.Root, source))
                .Select(path => Path.Combine(source, Path.GetFileName(path)))]
            : [name];
        foreach (string file in files)
        {
            File.Copy(Samples.Get(file), Path.Combine(folder, Path.GetFileName(Unpacked(file))), overwrite: true);
        }

        return Path.Combine(folder, Path.GetFileName(Unpacked(name)));
    }

    /// <summary>Name of the file, unpacked.</summary>
    public string Name { get; }

    /// <summary>The bytes of the file.</summary>
    public BlockSource First { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<HostFile> Opened => _opened;

    /// <inheritdoc/>
    public override IReadOnlyList<string> ListSiblings() =>
    [
        .. Directory.EnumerateFiles(Path.Combine(Samples.Root, _folder))
            .Select(path => Path.GetFileName(Unpacked(path))),
    ];

    /// <inheritdoc/>
    protected override bool TryOpenCore(string name, out BlockSource source)
    {
        int known = _opened.FindIndex(file => file.Name == name);
        if (known >= 0)
        {
            source = _sources[known];
            return true;
        }

        string? found = FindPacked(Path.Combine(_folder, name));
        source = found is null ? null! : Add(name, new FileSource(File.OpenHandle(Samples.Get(found)), _opened.Count));
        return found is not null;
    }

    /// <inheritdoc/>
    protected override bool TryOpenInsideCore(string folder, string name, out BlockSource source)
    {
        string? found = FindPacked(Path.Combine(_folder, folder, name));
        source = found is null ? null! : FileSource.Open(Samples.Get(found));
        return found is not null;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _sources.ForEach(source => source.Dispose());

    private static string? FindPacked(string relative) => Packed.Prepend(string.Empty)
        .Select(packed => relative + packed)
        .FirstOrDefault(path => File.Exists(Path.Combine(Samples.Root, path)));

    private static string Unpacked(string name) =>
        Packed.Contains(Path.GetExtension(name)) ? name[..^Path.GetExtension(name).Length] : name;

    private BlockSource Add(string name, BlockSource source)
    {
        _opened.Add(new(name, source.Length));
        _sources.Add(source);
        return source;
    }
}
