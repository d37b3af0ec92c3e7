using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Shared;

namespace Imaged.Formats.ExFat;

/// <summary>The files of an exFAT volume. The id of a node is where its first directory entry is in the volume, in
/// units of 32 bytes, times two, plus one where the directory has no chain in the FAT; that of the root is 1. A cookie
/// is a byte position in the directory.</summary>
internal sealed class ExFatTree : FileTree
{
    private const ulong RootId = 1;
    private const int MetadataBlock = 16384;
    private const int MaxEntries = 1_500_000;

    // The most that the specification allows (6.1).
    private const long MaxDirectoryLength = 256 << 20;

    // Counting the free clusters reads the whole bitmap.
    private const long MaxCountedBitmap = 64 << 20;

    private readonly BlockSource _volume;
    private readonly CachedSource _metadata;
    private readonly ExFatGeometry _geometry;
    private readonly ClusterTable _table;
    private readonly uint _bitmapCluster;
    private readonly Lazy<TreeStatistics> _statistics;
    private readonly DirectoryIndexCache<Directory> _indices = new();

    public ExFatTree(BlockSource volume, ExFatGeometry geometry, BlockCache cache)
    {
        _volume = volume;
        _geometry = geometry;
        _metadata = new CachedSource(volume, cache, MetadataBlock);
        _table = new ClusterTable(_metadata, geometry);
        ExFatVolume facts = ExFatVolume.Read(_metadata, geometry);
        _bitmapCluster = facts.BitmapCluster;
        Volume = facts.Describe(volume, geometry);
        _statistics = new(() => new(
            (long)geometry.ClusterCount * geometry.ClusterSize,
            CountFree() * geometry.ClusterSize,
            0,
            geometry.ClusterSize));
    }

    public override VolumeInfo Volume { get; }

    public override NodeInfo Root { get; } = new(RootId, FileType.Directory, DosPermissions.All, 0)
    {
        AllocatedBytes = -1,
    };

    public override TreeStatistics Statistics => _statistics.Value;

    public override NodeInfo GetNode(ulong node) => node == RootId ? Root : ToNode(ReadEntry(node), node);

    public override bool TryLookup(ulong directory, ReadOnlySpan<byte> name, out NodeInfo node)
    {
        DirectoryIndex<Directory> index = _indices.Get(directory, MakeIndex);
        ulong hash = DirectoryIndex<Directory>.Hash(name);
        for (long at = index.Find(hash, 0); at >= 0; at = index.Find(hash, at + 1))
        {
            ExFatDirectoryReader entries = Read(index.Content, at);
            if (entries.MoveNext() && name.SequenceEqual(entries.Current.Name))
            {
                node = ToNode(entries.Current, IdOf(entries.Current, index.Content));
                return true;
            }
        }

        index.ThrowIfDamaged(ExFatFileSystem.Id);
        node = default;
        return false;
    }

    public override IEnumerable<DirectoryEntry> ReadDirectory(ulong directory, long cookie)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(cookie);
        Directory opened = OpenDirectory(directory);
        ExFatDirectoryReader entries = Read(opened, cookie - (cookie % ClusterLayout.EntrySize));
        while (entries.MoveNext())
        {
            ExFatEntry entry = entries.Current;
            yield return new(entry.Name, ToNode(entry, IdOf(entry, opened)), entries.Position);
        }

        if (entries.Damage is { } damage)
        {
            throw damage;
        }
    }

    public override BlockSource OpenFile(ulong node)
    {
        ExFatEntry entry = ReadEntry(node);
        if (entry.IsDirectory)
        {
            ImageFormatException.Throw(ExFatFileSystem.Id, entry.Offset, "a directory is not a file");
        }

        return new ClusterSource(
            _volume, ChainOf(entry), entry.Length, entry.ValidLength, ExFatFileSystem.Id, entry.Offset);
    }

    public override ReadOnlyMemory<byte> ReadLink(ulong node) =>
        throw new ImageFormatException(ExFatFileSystem.Id, 0, "exFAT has no symbolic links");

    protected override void Dispose(bool disposing) => _metadata.Dispose();

    private static ulong IdOf(ExFatEntry entry, Directory directory) =>
        ((ulong)entry.Offset / ClusterLayout.EntrySize * 2) + (directory.IsContiguous ? 1u : 0u);

    private NodeInfo ToNode(ExFatEntry entry, ulong id) =>
        new(
            id,
            entry.IsDirectory ? FileType.Directory : FileType.Regular,
            DosPermissions.Of(entry.Attributes, entry.IsDirectory),
            entry.IsDirectory ? 0 : entry.Length)
        {
            AllocatedBytes = entry.IsDirectory ? -1 : ClustersOf(entry.Length) * _geometry.ClusterSize,
            Created = entry.Created,
            Modified = entry.Modified,
            Changed = entry.Modified,
            Accessed = entry.Accessed,
        };

    private long ClustersOf(long length) => (length + _geometry.ClusterSize - 1) / _geometry.ClusterSize;

    private ClusterChain ChainOf(ExFatEntry entry) => entry.IsContiguous
        ? _table.Contiguous(entry.FirstCluster, ClustersOf(entry.Length))
        : _table.ReadChain(entry.FirstCluster, ClustersOf(entry.Length), mustEnd: false);

    private Directory OpenDirectory(ulong node)
    {
        if (node == RootId)
        {
            long maxClusters = Math.Max(1, MaxDirectoryLength / _geometry.ClusterSize);
            ClusterChain root = _table.ReadChain(_geometry.RootCluster, maxClusters, mustEnd: true);
            return new(root, IsContiguous: false, _geometry.DataOffset);
        }

        ExFatEntry entry = ReadEntry(node);
        if (!entry.IsDirectory || entry.Length > MaxDirectoryLength)
        {
            ImageFormatException.Throw(
                ExFatFileSystem.Id, entry.Offset, $"it is no directory, or one of {entry.Length} bytes");
        }

        return new(ChainOf(entry), entry.IsContiguous, entry.Offset);
    }

    private ExFatDirectoryReader Read(Directory directory, long position) =>
        new(_metadata, _geometry, directory.Chain, position, directory.Owner);

    // The set of entries that an id stands for. It may go on in the next cluster of its directory.
    private ExFatEntry ReadEntry(ulong node)
    {
        ulong offset = node / 2 * ClusterLayout.EntrySize;
        ulong begin = (ulong)_geometry.DataOffset;
        ulong end = begin + ((ulong)_geometry.ClusterCount * (ulong)_geometry.ClusterSize);
        if (node / 2 > end / ClusterLayout.EntrySize || offset < begin || offset >= end)
        {
            ImageFormatException.Throw(ExFatFileSystem.Id, 0, $"there is no node {node}");
        }

        long inHeap = (long)(offset - begin);
        uint cluster = (uint)(inHeap / _geometry.ClusterSize) + ClusterLayout.FirstCluster;
        long clusters = ClustersOf(ExFatDirectoryReader.MaxSetLength) + 1;
        ClusterChain chain = node % 2 != 0
            ? _table.Contiguous(cluster, Math.Min(clusters, _geometry.ClusterCount + 2L - cluster))
            : _table.ReadChain(cluster, clusters, mustEnd: false);
        ExFatDirectoryReader entries =
            new(_metadata, _geometry, chain, inHeap % _geometry.ClusterSize, (long)offset);
        return entries.TryReadHere()
            ? entries.Current
            : throw entries.Damage
                ?? new ImageFormatException(ExFatFileSystem.Id, (long)offset, "there is no file and no directory");
    }

    // The position of a name is where its reading may begin: behind the set before it.
    private DirectoryIndex<Directory> MakeIndex(ulong directory)
    {
        Directory opened = OpenDirectory(directory);
        List<(ulong Hash, uint Position)> names = [];
        ImageFormatException? damage = null;
        try
        {
            ExFatDirectoryReader entries = Read(opened, 0);
            for (long position = 0; entries.MoveNext(); position = entries.Position)
            {
                if (names.Count == MaxEntries)
                {
                    ImageFormatException.Throw(
                        ExFatFileSystem.Id, opened.Owner, $"a directory has more than {MaxEntries} entries");
                }

                names.Add((DirectoryIndex<Directory>.Hash(entries.Current.Name), (uint)position));
            }

            damage = entries.Damage;
        }
        catch (ImageFormatException error)
        {
            damage = error;
        }

        return new(opened, opened.Chain.Runs.Length * (long)ClusterRun.Size, names, damage);
    }

    private long CountFree()
    {
        long length = (_geometry.ClusterCount + 7L) / 8;
        if (length > MaxCountedBitmap || !_geometry.IsCluster(_bitmapCluster))
        {
            return 0;
        }

        ClusterChain chain = _table.ReadChain(_bitmapCluster, ClustersOf(length), mustEnd: false);
        if (chain.Length < length)
        {
            return 0;
        }

        using ClusterSource bitmap = new(_metadata, chain, length, length, ExFatFileSystem.Id, _geometry.DataOffset);
        return ClusterBitmap.CountClear(bitmap, _geometry.ClusterCount);
    }

    // What it takes to read a directory.
    private sealed record Directory(ClusterChain Chain, bool IsContiguous, long Owner);
}
