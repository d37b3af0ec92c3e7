using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Linux;

namespace Imaged.TestKit;

/// <summary>The files of a folder, as an image sees them.</summary>
public sealed class FolderFiles : HostFiles
{
    private readonly string _folder;
    private readonly List<HostFile> _opened = [];
    private readonly List<FileSource> _sources = [];

    public FolderFiles(string folder, string name)
    {
        _folder = folder;
        if (!TryOpen(name, out BlockSource first))
        {
            throw new FileNotFoundException(name);
        }

        First = first;
    }

    /// <summary>The file that the user named.</summary>
    public BlockSource First { get; }

    public override IReadOnlyList<HostFile> Opened => _opened;

    public override IReadOnlyList<string> ListSiblings() =>
        [.. Directory.EnumerateFiles(_folder).Select(path => Path.GetFileName(path))];

    protected override bool TryOpenCore(string name, out BlockSource source)
    {
        source = null!;
        string path = Path.Combine(_folder, name);
        if (!File.Exists(path))
        {
            return false;
        }

        FileSource file = new(File.OpenHandle(path), _opened.Count);
        _opened.Add(new(name, file.Length));
        _sources.Add(file);
        source = file;
        return true;
    }

    protected override bool TryOpenInsideCore(string folder, string name, out BlockSource source)
    {
        string path = Path.Combine(_folder, folder, name);
        source = File.Exists(path) ? FileSource.Open(path) : null!;
        return source is not null;
    }

    protected override void Dispose(bool disposing) => _sources.ForEach(source => source.Dispose());
}
