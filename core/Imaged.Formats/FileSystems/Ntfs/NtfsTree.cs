using System.Collections.Immutable;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Shared;

namespace Imaged.Formats.Ntfs;

/// <summary>The files of an NTFS volume. The id of a node is the reference to its file, sequence number included, so
/// that one that is out of date is noticed; its inode number is that of the record. Cookies are positions in the index
/// of the directory.</summary>
internal sealed class NtfsTree : FileTree
{
    private const int MaxEntries = 1_500_000;

    // Positions of an index are multiples of eight.
    private const int PositionUnit = 8;

    private readonly NtfsVolume _volume;
    private readonly Lazy<TreeStatistics> _statistics;
    private readonly DirectoryIndexCache<NtfsDirectory> _indices = new();

    /// <summary>Takes over the volume.</summary>
    /// <exception cref="ImageFormatException">The root directory is damaged.</exception>
    public NtfsTree(NtfsVolume volume, VolumeInfo info)
    {
        _volume = volume;
        _statistics = new(() => new(
            volume.Boot.ClusterCount * volume.Boot.ClusterSize,
            volume.CountFree() * volume.Boot.ClusterSize,
            (long)volume.RecordCount,
            volume.Boot.ClusterSize));
        Volume = info;
        Root = new NtfsNode(volume, new(NtfsVolume.RootNumber)).ToInfo();
    }

    public override VolumeInfo Volume { get; }

    public override NodeInfo Root { get; }

    public override TreeStatistics Statistics => _statistics.Value;

    public override bool HasAttributes => true;

    public override NodeInfo GetNode(ulong node) => Open(node).ToInfo();

    public override bool TryLookup(ulong directory, ReadOnlySpan<byte> name, out NodeInfo node)
    {
        DirectoryIndex<NtfsDirectory> index = _indices.Get(directory, MakeIndex);
        ulong hash = DirectoryIndex<NtfsDirectory>.Hash(name);
        for (long at = index.Find(hash, 0); at >= 0; at = index.Find(hash, at + 1))
        {
            if (index.Content.At(at * PositionUnit) is { } entry && name.SequenceEqual(entry.Name))
            {
                node = NodeOf(entry);
                return true;
            }
        }

        index.ThrowIfDamaged(NtfsFileSystem.Id);
        node = default;
        return false;
    }

    public override IEnumerable<DirectoryEntry> ReadDirectory(ulong directory, long cookie)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(cookie);
        foreach (NtfsIndexEntry entry in OpenDirectory(directory).From(cookie))
        {
            yield return new(entry.Name, NodeOf(entry), entry.Position + 1);
        }
    }

    public override BlockSource OpenFile(ulong node) => Open(node).OpenContent();

    public override ReadOnlyMemory<byte> ReadLink(ulong node) => Open(node).ReadTarget();

    /// <summary>The named streams: <c>user.</c> and their name, as ntfs-3g has them.</summary>
    public override ImmutableArray<string> ListAttributes(ulong node)
    {
        NtfsNode opened = Open(node);
        ImmutableArray<string>.Builder names = ImmutableArray.CreateBuilder<string>();
        foreach (NtfsAttribute attribute in opened.File.Attributes(NtfsAttributeType.Data))
        {
            if (names.Count < UserAttributes.MaxCount && IsShown(opened, attribute))
            {
                names.Add(UserAttributes.Prefix + attribute.Name);
            }
        }

        return names.ToImmutable();
    }

    public override byte[]? GetAttribute(ulong node, string name)
    {
        if (!name.StartsWith(UserAttributes.Prefix, StringComparison.Ordinal))
        {
            return null;
        }

        NtfsNode opened = Open(node);
        string stream = name[UserAttributes.Prefix.Length..];
        return opened.File.Find(NtfsAttributeType.Data, stream) is { } attribute && IsShown(opened, attribute)
            ? _volume.ReadWhole(opened.File.FindStream(NtfsAttributeType.Data, stream)!, UserAttributes.MaxLength)
            : null;
    }

    protected override void Dispose(bool disposing) => _volume.Dispose();

    // What Linux takes, and what is no matter of whoever reads the file: that its content is compressed.
    private static bool IsShown(NtfsNode node, NtfsAttribute attribute) =>
        attribute.FirstCluster == 0 && attribute.Size <= UserAttributes.MaxLength && !attribute.IsEncrypted
        && UserAttributes.IsName(attribute.Name) && IsUnicode(attribute.Name)
        && !(node.IsOverlaid && attribute.Name == NtfsOverlaySource.StreamName);

    private static bool IsUnicode(string name)
    {
        ReadOnlySpan<char> rest = name;
        while (Rune.DecodeFromUtf16(rest, out _, out int length) == System.Buffers.OperationStatus.Done)
        {
            rest = rest[length..];
        }

        return rest.IsEmpty;
    }

    private NtfsNode Open(ulong node) => new(_volume, new(node));

    // What is damaged stays visible; whoever opens it gets the error.
    private NodeInfo NodeOf(NtfsIndexEntry entry)
    {
        try
        {
            return new NtfsNode(_volume, entry.File).ToInfo();
        }
        catch (ImageFormatException)
        {
            FileType type = entry.IsDirectory ? FileType.Directory : FileType.Regular;
            return new(entry.File.Value, type, DosPermissions.Of(entry.Attributes, entry.IsDirectory), 0)
            {
                Inode = entry.File.Number,
                AllocatedBytes = -1,
            };
        }
    }

    private NtfsDirectory OpenDirectory(ulong directory)
    {
        NtfsNode node = Open(directory);
        return node.Type == FileType.Directory
            ? new NtfsDirectory(_volume, node.File)
            : throw new ImageFormatException(
                NtfsFileSystem.Id, node.File.Offset, $"file {node.File.Record.Number} is no directory");
    }

    private DirectoryIndex<NtfsDirectory> MakeIndex(ulong directory)
    {
        NtfsDirectory opened = OpenDirectory(directory);
        List<(ulong Hash, uint Position)> names = [];
        ImageFormatException? damage = null;
        try
        {
            foreach (NtfsIndexEntry entry in opened.From(0))
            {
                if (names.Count == MaxEntries)
                {
                    ImageFormatException.Throw(
                        NtfsFileSystem.Id, 0, $"a directory has more than {MaxEntries} entries");
                }

                names.Add((DirectoryIndex<NtfsDirectory>.Hash(entry.Name), (uint)(entry.Position / PositionUnit)));
            }
        }
        catch (ImageFormatException error)
        {
            damage = error;
        }

        return new(opened, opened.MemoryBytes, names, damage);
    }
}
