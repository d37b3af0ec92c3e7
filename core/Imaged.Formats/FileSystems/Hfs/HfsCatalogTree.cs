using System.Collections.Immutable;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Shared;

namespace Imaged.Formats.Hfs;

/// <summary>The files of an HFS or HFS+ volume. Node ids are places in the catalog: number of a leaf and of a record in
/// it; cookies are positions in the order of the folder.</summary>
/// <typeparam name="TEntry">A file or folder.</typeparam>
internal abstract class HfsCatalogTree<TEntry> : FileTree
    where TEntry : HfsCatalogEntry
{
    private const int MaxEntries = 1_500_000;
    private const string FinderInfoName = UserAttributes.Prefix + "com.apple.FinderInfo";
    private const string ResourceForkName = UserAttributes.Prefix + "com.apple.ResourceFork";

    private readonly HfsCatalog<TEntry> _catalog;
    private readonly HfsForks _forks;
    private readonly string _format;
    private readonly DirectoryIndexCache<ulong[]> _indices = new();

    /// <summary>Does not own what it reads from.</summary>
    protected HfsCatalogTree(HfsCatalog<TEntry> catalog, HfsForks forks, VolumeInfo info)
    {
        _catalog = catalog;
        _forks = forks;
        _format = info.FileSystem;
        Volume = info;
        Root = catalog.Root().ToNode(0);
    }

    public sealed override VolumeInfo Volume { get; }

    public sealed override NodeInfo Root { get; }

    public sealed override bool HasAttributes => true;

    public sealed override NodeInfo GetNode(ulong node) => ToNode(Read(node));

    public sealed override bool TryLookup(ulong directory, ReadOnlySpan<byte> name, out NodeInfo node)
    {
        DirectoryIndex<ulong[]> index = IndexOf(directory);
        ulong hash = DirectoryIndex<ulong[]>.Hash(name);
        for (long at = index.Find(hash, 0); at >= 0; at = index.Find(hash, at + 1))
        {
            TEntry entry = Read(index.Content[at]);
            if (name.SequenceEqual(entry.Name()))
            {
                node = NodeOf(entry);
                return true;
            }
        }

        index.ThrowIfDamaged(_format);
        node = default;
        return false;
    }

    public sealed override IEnumerable<DirectoryEntry> ReadDirectory(ulong directory, long cookie)
    {
        DirectoryIndex<ulong[]> index = IndexOf(directory);
        for (long at = Math.Max(cookie, 0); at < index.Content.Length; at++)
        {
            TEntry entry = Read(index.Content[at]);
            yield return new(entry.Name(), NodeOf(entry), at + 1);
        }

        index.ThrowIfDamaged(_format);
    }

    public sealed override BlockSource OpenFile(ulong node)
    {
        TEntry entry = Read(node);
        if (entry.Type != FileType.Regular)
        {
            ImageFormatException.Throw(_format, 0, $"file {entry.Id} is no regular file");
        }

        return Open(entry);
    }

    public override ImmutableArray<string> ListAttributes(ulong node)
    {
        TEntry entry = Read(node);
        ImmutableArray<string>.Builder names = ImmutableArray.CreateBuilder<string>();
        if (entry.FinderInfo.ContainsAnyExcept((byte)0))
        {
            names.Add(FinderInfoName);
        }

        if (HasResourceFork(entry))
        {
            names.Add(ResourceForkName);
        }

        return names.ToImmutable();
    }

    public override byte[]? GetAttribute(ulong node, string name)
    {
        if (!ListAttributes(node).Contains(name))
        {
            return null;
        }

        TEntry entry = Read(node);
        switch (name)
        {
            case FinderInfoName:
                return entry.FinderInfo.ToArray();

            case ResourceForkName:
                using (HfsForkSource fork = _forks.Open(entry.ResourceFork, entry.Id, isResource: true))
                {
                    return fork.ReadBytes(0, (int)fork.Length);
                }

            default:
                return null;
        }
    }

    /// <summary>Whether an attribute is a field of the catalog.</summary>
    protected static bool IsBuiltIn(string name) => name is FinderInfoName or ResourceForkName;

    /// <summary>The entry of a node.</summary>
    protected TEntry Read(ulong node) => _catalog.Read(node);

    /// <summary>What the tree says of an entry that is no link.</summary>
    protected virtual NodeInfo ToNode(TEntry entry) =>
        entry.ToNode(entry.IsFolder ? 0 : CheckSize(entry, entry.DataFork.Length));

    /// <summary>What the tree says of an entry, or of what it links to.</summary>
    protected virtual NodeInfo NodeOf(TEntry entry) => ToNode(entry);

    /// <summary>The content of a regular file.</summary>
    protected virtual BlockSource Open(TEntry entry) => _forks.Open(entry.DataFork, entry.Id, isResource: false);

    /// <summary>Whether the resource fork is an attribute.</summary>
    protected virtual bool HasResourceFork(TEntry entry) =>
        !entry.IsFolder && entry.ResourceFork.Length is > 0 and <= UserAttributes.MaxLength;

    /// <summary>Whether a folder's list leaves an entry out.</summary>
    protected virtual bool IsHidden(TEntry entry, ReadOnlySpan<byte> name) => false;

    /// <summary>A size that a file can have.</summary>
    protected long CheckSize(TEntry entry, ulong size) => size <= long.MaxValue
        ? (long)size
        : throw new ImageFormatException(_format, 0, $"file {entry.Id} has {size} bytes");

    private DirectoryIndex<ulong[]> IndexOf(ulong directory)
    {
        TEntry folder = Read(directory);
        if (!folder.IsFolder)
        {
            ImageFormatException.Throw(_format, 0, $"file {folder.Id} is no folder");
        }

        return _indices.Get(folder.Id, MakeIndex);
    }

    private DirectoryIndex<ulong[]> MakeIndex(ulong folder)
    {
        List<ulong> nodes = [];
        List<(ulong Hash, uint Position)> names = [];
        ImageFormatException? damage = null;
        try
        {
            foreach (TEntry entry in _catalog.Children((uint)folder))
            {
                byte[] name = entry.Name();
                if (name.Length == 0 || IsHidden(entry, name))
                {
                    continue;
                }

                if (nodes.Count == MaxEntries)
                {
                    ImageFormatException.Throw(_format, 0, $"folder {folder} has more than {MaxEntries} entries");
                }

                names.Add((DirectoryIndex<ulong[]>.Hash(name), (uint)nodes.Count));
                nodes.Add(entry.Node);
            }
        }
        catch (ImageFormatException error)
        {
            damage = error;
        }

        return new([.. nodes], nodes.Count * sizeof(ulong), names, damage);
    }
}
