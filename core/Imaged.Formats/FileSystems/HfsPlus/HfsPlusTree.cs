using System.Collections.Immutable;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Shared;

namespace Imaged.Formats.HfsPlus;

/// <summary>The files of an HFS+ volume. Node ids are places in the catalog: number of a leaf and of a record in it;
/// cookies
/// are positions in the order of the folder.</summary>
internal sealed class HfsPlusTree : FileTree
{
    private const uint RootParent = 1;
    private const int MaxLinkLength = 4095;
    private const int MaxEntries = 1_500_000;
    private const string Prefix = UserAttributes.Prefix;
    private const string FinderInfoName = Prefix + "com.apple.FinderInfo";
    private const string ResourceForkName = Prefix + "com.apple.ResourceFork";

    private readonly HfsPlusVolume _volume;
    private readonly HfsLinks _links;
    private readonly DirectoryIndexCache<ulong[]> _indices = new();

    /// <summary>Takes over the volume.</summary>
    public HfsPlusTree(HfsPlusVolume volume, VolumeInfo info)
    {
        _volume = volume;
        _links = new HfsLinks(volume);
        Volume = info;
        HfsEntry? root = HfsLinks.Children(volume, RootParent).FirstOrDefault(entry => entry.IsFolder);
        Root = root is null
            ? throw new ImageFormatException(HfsPlusFileSystem.Id, 0, "the catalog has no root folder")
            : ToNode(root);
    }

    public override VolumeInfo Volume { get; }

    public override NodeInfo Root { get; }

    public override TreeStatistics Statistics => new(
        (long)_volume.TotalBlocks * _volume.BlockLength,
        (long)Math.Min(_volume.FreeBlocks, _volume.TotalBlocks) * _volume.BlockLength,
        (long)_volume.FileCount + _volume.FolderCount + 1,
        _volume.BlockLength);

    public override bool HasAttributes => true;

    public override NodeInfo GetNode(ulong node) => ToNode(Read(node));

    public override bool TryLookup(ulong directory, ReadOnlySpan<byte> name, out NodeInfo node)
    {
        DirectoryIndex<ulong[]> index = IndexOf(directory);
        ulong hash = DirectoryIndex<ulong[]>.Hash(name);
        for (long at = index.Find(hash, 0); at >= 0; at = index.Find(hash, at + 1))
        {
            HfsEntry entry = Read(index.Content[at]);
            if (name.SequenceEqual(entry.Name()))
            {
                node = NodeOf(entry);
                return true;
            }
        }

        index.ThrowIfDamaged(HfsPlusFileSystem.Id);
        node = default;
        return false;
    }

    public override IEnumerable<DirectoryEntry> ReadDirectory(ulong directory, long cookie)
    {
        DirectoryIndex<ulong[]> index = IndexOf(directory);
        for (long at = Math.Max(cookie, 0); at < index.Content.Length; at++)
        {
            HfsEntry entry = Read(index.Content[at]);
            yield return new(entry.Name(), NodeOf(entry), at + 1);
        }

        index.ThrowIfDamaged(HfsPlusFileSystem.Id);
    }

    public override BlockSource OpenFile(ulong node)
    {
        HfsEntry entry = Read(node);
        if (entry.Type != FileType.Regular)
        {
            ImageFormatException.Throw(HfsPlusFileSystem.Id, 0, $"file {entry.Id} is no regular file");
        }

        if (CompressionOf(entry) is not { } compression)
        {
            return _volume.OpenFork(entry.DataFork, entry.Id, isResource: false);
        }

        return compression.IsInFork
            ? new HfsCompressedSource(
                compression, _volume.OpenFork(entry.ResourceFork, entry.Id, isResource: true), _volume.Cache)
            : compression.OpenInline();
    }

    public override ReadOnlyMemory<byte> ReadLink(ulong node)
    {
        HfsEntry entry = Read(node);
        if (entry.Type != FileType.SymbolicLink || entry.DataFork.Length > MaxLinkLength)
        {
            ImageFormatException.Throw(
                HfsPlusFileSystem.Id, 0, $"file {entry.Id} is no symbolic link, or its target is too long");
        }

        using HfsForkSource fork = _volume.OpenFork(entry.DataFork, entry.Id, isResource: false);
        byte[] target = fork.ReadBytes(0, (int)fork.Length);
        int end = target.AsSpan().IndexOf((byte)0);
        return end < 0 ? target : target.AsMemory(0, end);
    }

    public override ImmutableArray<string> ListAttributes(ulong node)
    {
        HfsEntry entry = Read(node);
        bool isCompressed = CompressionOf(entry) is not null;
        ImmutableArray<string>.Builder names = ImmutableArray.CreateBuilder<string>();
        if (entry.FinderInfo.ContainsAnyExcept((byte)0))
        {
            names.Add(FinderInfoName);
        }

        if (!entry.IsFolder && !isCompressed && entry.ResourceFork.Length is > 0 and <= UserAttributes.MaxLength)
        {
            names.Add(ResourceForkName);
        }

        foreach ((string name, _) in HfsAttributes.Read(_volume, entry.Id, UserAttributes.MaxLength))
        {
            // That the content is compressed is no matter of whoever reads it.
            if (IsName(name) && !(isCompressed && name == HfsCompression.AttributeName))
            {
                names.Add(Prefix + name);
            }
        }

        return names.ToImmutable();
    }

    public override byte[]? GetAttribute(ulong node, string name)
    {
        if (!ListAttributes(node).Contains(name))
        {
            return null;
        }

        HfsEntry entry = Read(node);
        if (name == FinderInfoName)
        {
            return entry.FinderInfo.ToArray();
        }

        if (name == ResourceForkName)
        {
            using HfsForkSource fork = _volume.OpenFork(entry.ResourceFork, entry.Id, isResource: true);
            return fork.ReadBytes(0, (int)fork.Length);
        }

        return FindAttribute(entry, name[Prefix.Length..]);
    }

    protected override void Dispose(bool disposing) => _volume.Dispose();

    // What Linux takes, and what no field of the catalog stands for.
    private static bool IsName(string name) =>
        UserAttributes.IsName(name) && Prefix + name is not (FinderInfoName or ResourceForkName);

    private byte[]? FindAttribute(HfsEntry entry, string name)
    {
        foreach ((string found, Func<byte[]> value) in HfsAttributes.Read(_volume, entry.Id, UserAttributes.MaxLength))
        {
            if (found == name)
            {
                return value();
            }
        }

        return null;
    }

    private HfsCompression? CompressionOf(HfsEntry entry) =>
        entry.IsCompressed && FindAttribute(entry, HfsCompression.AttributeName) is { } value
            ? HfsCompression.Parse(value)
            : null;

    private HfsEntry Read(ulong node)
    {
        ulong leaf = node >> 16;
        return (leaf <= uint.MaxValue
            ? HfsEntry.TryRead(_volume.Catalog.ReadLeaf((uint)leaf), (int)(node & 0xffff))
            : null) ?? throw new ImageFormatException(HfsPlusFileSystem.Id, 0, $"there is no node {node:x}");
    }

    private NodeInfo ToNode(HfsEntry entry)
    {
        if (entry.IsFolder)
        {
            return entry.ToNode(0);
        }

        ulong size = CompressionOf(entry) is { } compression ? (ulong)compression.Length : entry.DataFork.Length;
        return size <= long.MaxValue
            ? entry.ToNode((long)size)
            : throw new ImageFormatException(HfsPlusFileSystem.Id, 0, $"file {entry.Id} has {size} bytes");
    }

    // What a link links to. What is damaged stays visible; whoever opens it gets the error.
    private NodeInfo NodeOf(HfsEntry entry)
    {
        try
        {
            return ToNode(_links.Resolve(entry));
        }
        catch (ImageFormatException)
        {
            return entry.ToNode(0);
        }
    }

    private DirectoryIndex<ulong[]> IndexOf(ulong directory)
    {
        HfsEntry folder = Read(directory);
        if (!folder.IsFolder)
        {
            ImageFormatException.Throw(HfsPlusFileSystem.Id, 0, $"file {folder.Id} is no folder");
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
            foreach (HfsEntry entry in HfsLinks.Children(_volume, (uint)folder))
            {
                byte[] name = entry.Name();
                if (name.Length == 0 || _links.IsHidden(entry, name))
                {
                    continue;
                }

                if (nodes.Count == MaxEntries)
                {
                    ImageFormatException.Throw(
                        HfsPlusFileSystem.Id, 0, $"folder {folder} has more than {MaxEntries} entries");
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
