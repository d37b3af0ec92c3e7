using System.Buffers.Binary;
using System.Collections.Immutable;
using Imaged.Blocks;
using Imaged.Formats.Apple;
using Imaged.Formats.Model;
using Imaged.Formats.Shared;

namespace Imaged.Formats.Apfs;

/// <summary>The files of a volume. Node ids are inode numbers; cookies are positions in the order of the
/// folder.</summary>
internal sealed class ApfsTree : FileTree
{
    private const ulong RootId = 2;
    private const int MaxLinkLength = 4095;
    private const int MaxEntries = 1_500_000;

    private const string LinkName = "com.apple.fs.symlink";
    private const string ResourceForkName = "com.apple.ResourceFork";

    private readonly ApfsContainer _container;
    private readonly ApfsVolume _volume;
    private readonly BlockCache _cache;
    private readonly DirectoryIndexCache<(ulong Leaf, int Index)[]> _indices = new();

    /// <summary>Takes over the container, unless it throws.</summary>
    /// <exception cref="ImageFormatException">The volume is damaged.</exception>
    public ApfsTree(ApfsContainer container, ApfsVolumeHeader header, VolumeInfo info, BlockCache cache)
    {
        _container = container;
        _volume = new ApfsVolume(container.Blocks, header);
        _cache = cache;
        Volume = info;
        Root = GetNode(RootId);
        if (Root.Type != FileType.Directory)
        {
            ImageFormatException.Throw(ApfsFileSystem.Id, 0, "the root is no folder");
        }
    }

    public override VolumeInfo Volume { get; }

    public override NodeInfo Root { get; }

    public override TreeStatistics Statistics => new(
        Volume.Length,
        Math.Max(Volume.Length - (long)UInt128.Min(AllocatedBytes, (UInt128)long.MaxValue), 0),
        (long)Math.Min(_volume.Header.Nodes, long.MaxValue - 1) + 1,
        _container.Blocks.BlockSize);

    public override bool HasAttributes => true;

    // All volumes share the space.
    private UInt128 AllocatedBytes
    {
        get
        {
            UInt128 blocks = 0;
            foreach (ApfsVolumeHeader volume in _container.Volumes)
            {
                blocks += volume.AllocatedBlocks;
            }

            return blocks * (uint)_container.Blocks.BlockSize;
        }
    }

    public override NodeInfo GetNode(ulong node)
    {
        ApfsInode inode = _volume.ReadInode(node);
        return inode.ToNode(inode switch
        {
            { Type: FileType.SymbolicLink } => FindAttribute(inode.Id, LinkName) is { } target
                ? Math.Max(target.Length - 1, 0)
                : 0,
            { IsCompressed: true } => CompressionOf(inode)?.Length ?? inode.Length,
            { Type: FileType.Regular } => inode.Length,
            _ => 0,
        });
    }

    public override bool TryLookup(ulong directory, ReadOnlySpan<byte> name, out NodeInfo node)
    {
        DirectoryIndex<(ulong Leaf, int Index)[]> index = IndexOf(directory);
        ulong hash = DirectoryIndex<(ulong Leaf, int Index)[]>.Hash(name);
        for (long at = index.Find(hash, 0); at >= 0; at = index.Find(hash, at + 1))
        {
            (byte[] found, ulong id, FileType type) = ReadEntry(index.Content[at]);
            if (name.SequenceEqual(found))
            {
                node = NodeOf(id, type);
                return true;
            }
        }

        index.ThrowIfDamaged(ApfsFileSystem.Id);
        node = default;
        return false;
    }

    public override IEnumerable<DirectoryEntry> ReadDirectory(ulong directory, long cookie)
    {
        DirectoryIndex<(ulong Leaf, int Index)[]> index = IndexOf(directory);
        for (long at = Math.Max(cookie, 0); at < index.Content.Length; at++)
        {
            (byte[] name, ulong id, FileType type) = ReadEntry(index.Content[at]);
            yield return new(name, NodeOf(id, type), at + 1);
        }

        index.ThrowIfDamaged(ApfsFileSystem.Id);
    }

    public override BlockSource OpenFile(ulong node)
    {
        ApfsInode inode = _volume.ReadInode(node);
        if (inode.Type != FileType.Regular)
        {
            ImageFormatException.Throw(ApfsFileSystem.Id, 0, $"file {node} is no regular file");
        }

        if (CompressionOf(inode) is not { } compression)
        {
            return _volume.OpenStream(inode.Stream, inode.Length);
        }

        if (!compression.IsInFork)
        {
            return compression.OpenInline();
        }

        ApfsAttribute fork = FindAttribute(node, ResourceForkName) ?? throw new ImageFormatException(
            ApfsFileSystem.Id, 0, $"file {node} is compressed, but has no resource fork");
        return new DecmpfsSource(compression, fork.Open(), _cache);
    }

    public override ReadOnlyMemory<byte> ReadLink(ulong node)
    {
        ApfsInode inode = _volume.ReadInode(node);
        ApfsAttribute? attribute =
            inode.Type == FileType.SymbolicLink ? FindAttribute(node, LinkName) : null;
        if (attribute is null || attribute.Length > MaxLinkLength + 1)
        {
            ImageFormatException.Throw(
                ApfsFileSystem.Id, 0, $"file {node} is no symbolic link, or its target is too long");
        }

        byte[] target = Value(attribute);
        int end = target.AsSpan().IndexOf((byte)0);
        return end >= 0 ? target.AsMemory(0, end) : target.AsMemory(0, Math.Min(target.Length, MaxLinkLength));
    }

    public override ImmutableArray<string> ListAttributes(ulong node)
    {
        bool isCompressed = CompressionOf(_volume.ReadInode(node)) is not null;
        return
        [
            .. ApfsAttributes.Read(_volume, node)
                .Where(attribute =>
                    attribute.Length <= UserAttributes.MaxLength && IsName(attribute.Name, isCompressed))
                .Select(attribute => UserAttributes.Prefix + attribute.Name),
        ];
    }

    public override byte[]? GetAttribute(ulong node, string name) =>
        ListAttributes(node).Contains(name) && FindAttribute(node, name[UserAttributes.Prefix.Length..]) is { } found
            ? Value(found)
            : null;

    protected override void Dispose(bool disposing) => _container.Dispose();

    // What Linux takes, but for what is the content of the file.
    private static bool IsName(string name, bool isCompressed) =>
        UserAttributes.IsName(name) && name != LinkName
        && !(isCompressed && name is Decmpfs.AttributeName or ResourceForkName);

    private static byte[] Value(ApfsAttribute attribute)
    {
        using BlockSource source = attribute.Open();
        return source.ReadBytes(0, (int)source.Length);
    }

    private ApfsAttribute? FindAttribute(ulong file, string name) =>
        ApfsAttributes.Read(_volume, file).FirstOrDefault(attribute => attribute.Name == name);

    private Decmpfs? CompressionOf(ApfsInode inode) =>
        // One that holds the file itself may be longer than what Linux hands out.
        inode.IsCompressed
        && FindAttribute(inode.Id, Decmpfs.AttributeName) is { Length: <= UserAttributes.MaxLength * 2 } found
            ? Decmpfs.Parse(ApfsFileSystem.Id, Value(found))
            : null;

    // What is damaged stays visible; whoever opens it gets the error.
    private NodeInfo NodeOf(ulong id, FileType type)
    {
        try
        {
            return GetNode(id);
        }
        catch (ImageFormatException)
        {
            return new NodeInfo(id, type, 0, 0);
        }
    }

    // Name, inode number and type of an entry of a folder (j_drec_val); an empty name when it cannot be one.
    private (byte[] Name, ulong Id, FileType Type) ReadEntry((ulong Leaf, int Index) place) =>
        ParseEntry(_volume.ReadLeaf(place.Leaf), place.Index);

    private (byte[] Name, ulong Id, FileType Type) ParseEntry(ApfsNode node, int index)
    {
        int nameOffset = _volume.Header.HasHashedNames ? 12 : 10;
        ReadOnlySpan<byte> key = node.Read(index, out ReadOnlySpan<byte> value);
        if (key.Length <= nameOffset || value.Length < 18)
        {
            return ([], 0, default);
        }

        ReadOnlySpan<byte> raw = key[nameOffset..];
        int end = raw.IndexOf((byte)0);
        byte[] name = (end < 0 ? raw : raw[..end]).ToArray();
        name.AsSpan().Replace((byte)'/', (byte)':');
        FileType type = (FileType)((BinaryPrimitives.ReadUInt16LittleEndian(value[16..]) & 15) << 12);
        ulong id = BinaryPrimitives.ReadUInt64LittleEndian(value);
        bool isName = name.Length is > 0 and <= byte.MaxValue && !name.AsSpan().SequenceEqual("."u8)
            && !name.AsSpan().SequenceEqual(".."u8) && id > 1 && Enum.IsDefined(type);
        return (isName ? name : [], id, type);
    }

    private DirectoryIndex<(ulong Leaf, int Index)[]> IndexOf(ulong directory)
    {
        if (_volume.ReadInode(directory).Type != FileType.Directory)
        {
            ImageFormatException.Throw(ApfsFileSystem.Id, 0, $"file {directory} is no folder");
        }

        return _indices.Get(directory, MakeIndex);
    }

    private DirectoryIndex<(ulong Leaf, int Index)[]> MakeIndex(ulong folder)
    {
        List<(ulong Leaf, int Index)> places = [];
        List<(ulong Hash, uint Position)> names = [];
        ImageFormatException? damage = null;
        try
        {
            foreach ((ApfsNode node, int index) in _volume.Records(folder, ApfsVolume.EntryKind))
            {
                byte[] name = ParseEntry(node, index).Name;
                if (name.Length == 0)
                {
                    continue;
                }

                if (places.Count == MaxEntries)
                {
                    ImageFormatException.Throw(
                        ApfsFileSystem.Id, 0, $"folder {folder} has more than {MaxEntries} entries");
                }

                names.Add((DirectoryIndex<(ulong Leaf, int Index)[]>.Hash(name), (uint)places.Count));
                places.Add((node.Address, index));
            }
        }
        catch (ImageFormatException error)
        {
            damage = error;
        }

        return new([.. places], places.Count * 16L, names, damage);
    }
}
