using System.Buffers.Binary;
using System.Text;
using System.Text.Unicode;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Shared;

namespace Imaged.Formats.Fat;

/// <summary>The files of a FAT volume. The id of a node is the byte offset of its 8.3 entry in the volume, that of the
/// root is 1; a cookie is a byte position in the directory.</summary>
internal sealed class FatTree : FileTree
{
    private const ulong RootId = 1;
    private const int MetadataBlock = 16384;

    // 65536 entries: the most that a directory may have, for the kernel, too.
    private const int MaxDirectoryLength = 65536 * FatGeometry.EntrySize;

    // Counting the free clusters reads the whole FAT: up to this length it is worth it, above FSInfo has to do.
    private const long MaxCountedFat = 64 << 20;

    private readonly BlockSource _volume;
    private readonly CachedSource _metadata;
    private readonly FatGeometry _geometry;
    private readonly ClusterTable _table;
    private readonly Lazy<TreeStatistics> _statistics;
    private readonly DirectoryIndexCache<ClusterChain> _indices = new();

    public FatTree(BlockSource volume, FatGeometry geometry, BlockCache cache)
    {
        _volume = volume;
        _geometry = geometry;
        _metadata = new CachedSource(volume, cache, MetadataBlock);
        _table = new ClusterTable(_metadata, geometry);
        _statistics = new(CountFree);
        Volume = FatVolume.Describe(volume, geometry);
    }

    public override VolumeInfo Volume { get; }

    public override NodeInfo Root { get; } = new(RootId, FileType.Directory, DosPermissions.All, 0)
    {
        AllocatedBytes = -1,
    };

    public override TreeStatistics Statistics => _statistics.Value;

    public override NodeInfo GetNode(ulong node)
    {
        if (node == RootId)
        {
            return Root;
        }

        Span<byte> entry = stackalloc byte[FatGeometry.EntrySize];
        ReadEntry(node, entry);
        return ToNode(entry, (long)node);
    }

    public override bool TryLookup(ulong directory, ReadOnlySpan<byte> name, out NodeInfo node)
    {
        node = default;
        if (name.Length > 255)
        {
            return false;
        }

        Span<char> text = stackalloc char[255];
        if (Utf8.ToUtf16(name, text, out _, out int length, replaceInvalidSequences: false)
            != System.Buffers.OperationStatus.Done)
        {
            return false;
        }

        // The kernel finds a name with dots at its end, too, because Windows drops them when it makes a file.
        ReadOnlySpan<char> wanted = text[..length];
        ReadOnlySpan<char> stripped = wanted.TrimEnd('.');
        bool isDotted = stripped.Length > 0 && stripped.Length < wanted.Length;
        ulong hash = Hash(wanted);
        ulong other = isDotted ? Hash(stripped) : hash;
        DirectoryIndex<ClusterChain> index = _indices.Get(directory, MakeIndex);
        long at = Next(index, hash, other, 0);
        for (; at >= 0; at = Next(index, hash, other, at + 1))
        {
            FatDirectoryReader entries = new(_metadata, index.Content, at, OwnerOf(directory));
            if (entries.MoveNext()
                && (IsNamed(entries, wanted) || (isDotted && IsNamed(entries, stripped))))
            {
                node = ToNode(entries.Entry, entries.EntryOffset);
                return true;
            }
        }

        index.ThrowIfDamaged(FatFileSystem.Id);
        return false;
    }

    public override IEnumerable<DirectoryEntry> ReadDirectory(ulong directory, long cookie)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(cookie);
        FatDirectoryReader entries = OpenDirectory(directory, cookie - (cookie % FatGeometry.EntrySize));
        while (entries.MoveNext())
        {
            yield return new(ToUtf8(entries.Name), ToNode(entries.Entry, entries.EntryOffset), entries.Position);
        }
    }

    public override BlockSource OpenFile(ulong node)
    {
        Span<byte> entry = stackalloc byte[FatGeometry.EntrySize];
        if (node == RootId)
        {
            ImageFormatException.Throw(FatFileSystem.Id, 0, "the root directory is not a file");
        }

        ReadEntry(node, entry);
        if (ToNode(entry, (long)node) is { Type: FileType.Directory })
        {
            ImageFormatException.Throw(FatFileSystem.Id, (long)node, "a directory is not a file");
        }

        long length = BinaryPrimitives.ReadUInt32LittleEndian(entry[28..]);
        long clusters = (length + _geometry.ClusterSize - 1) / _geometry.ClusterSize;
        ClusterChain chain = _table.ReadChain(FirstCluster(entry), clusters, mustEnd: false);
        return new ClusterSource(_volume, chain, length, length, FatFileSystem.Id, (long)node);
    }

    public override ReadOnlyMemory<byte> ReadLink(ulong node) =>
        throw new ImageFormatException(FatFileSystem.Id, (long)node, "FAT has no symbolic links");

    protected override void Dispose(bool disposing) => _metadata.Dispose();

    // Equal for names that differ in case only.
    private static ulong Hash(ReadOnlySpan<char> name) =>
        unchecked((uint)string.GetHashCode(name, StringComparison.OrdinalIgnoreCase));

    // The lower one of the next positions with either hash; -1 when there is none.
    private static long Next(DirectoryIndex<ClusterChain> index, ulong hash, ulong other, long from)
    {
        long first = index.Find(hash, from);
        long second = hash == other ? first : index.Find(other, from);
        return first < 0 || second < 0 ? Math.Max(first, second) : Math.Min(first, second);
    }

    private static bool IsNamed(FatDirectoryReader entries, ReadOnlySpan<char> name) =>
        IsEqual(entries.Name, name) || IsEqual(entries.ShortName, name);

    private static long OwnerOf(ulong directory) => directory == RootId ? 0 : (long)directory;

    private static bool IsEqual(ReadOnlySpan<char> a, ReadOnlySpan<char> b) =>
        a.Equals(b, StringComparison.OrdinalIgnoreCase);

    private static byte[] ToUtf8(ReadOnlySpan<char> name)
    {
        byte[] bytes = new byte[Encoding.UTF8.GetByteCount(name)];
        Encoding.UTF8.GetBytes(name, bytes);
        return bytes;
    }

    // The position of a name is where its reading may begin: behind the entry before it.
    private DirectoryIndex<ClusterChain> MakeIndex(ulong directory)
    {
        ClusterChain chain = ChainOf(directory);
        List<(ulong Hash, uint Position)> names = [];
        ImageFormatException? damage = null;
        try
        {
            FatDirectoryReader entries = new(_metadata, chain, 0, OwnerOf(directory));
            for (long position = 0; entries.MoveNext(); position = entries.Position)
            {
                ulong hash = Hash(entries.Name);
                ulong alias = Hash(entries.ShortName);
                names.Add((hash, (uint)position));
                if (alias != hash)
                {
                    names.Add((alias, (uint)position));
                }
            }
        }
        catch (ImageFormatException error)
        {
            damage = error;
        }

        return new(chain, chain.Runs.Length * (long)ClusterRun.Size, names, damage);
    }

    private FatDirectoryReader OpenDirectory(ulong directory, long position) =>
        new(_metadata, ChainOf(directory), position, OwnerOf(directory));

    private ClusterChain ChainOf(ulong directory)
    {
        long maxClusters = Math.Max(1, MaxDirectoryLength / _geometry.ClusterSize);
        if (directory == RootId)
        {
            return _geometry.RootLength > 0
                ? FixedRoot()
                : _table.ReadChain(_geometry.RootCluster, maxClusters, mustEnd: true);
        }

        Span<byte> entry = stackalloc byte[FatGeometry.EntrySize];
        ReadEntry(directory, entry);
        if (ToNode(entry, (long)directory).Type != FileType.Directory)
        {
            ImageFormatException.Throw(FatFileSystem.Id, (long)directory, "a file is not a directory");
        }

        return _table.ReadChain(FirstCluster(entry), maxClusters, mustEnd: true);
    }

    private ClusterChain FixedRoot() => new([new(0, _geometry.RootOffset, _geometry.RootLength)], null);

    // The 8.3 entry that an id stands for.
    private void ReadEntry(ulong node, Span<byte> entry)
    {
        long offset = (long)Math.Min(node, long.MaxValue);
        long rootEnd = _geometry.RootOffset + _geometry.RootLength;
        long dataEnd = _geometry.DataOffset + ((long)_geometry.ClusterCount * _geometry.ClusterSize);
        bool isInRoot = offset >= _geometry.RootOffset && offset < rootEnd;
        bool isInData = offset >= _geometry.DataOffset && offset < dataEnd;
        if (offset % FatGeometry.EntrySize != 0 || !(isInRoot || isInData) || offset > _volume.Length - entry.Length)
        {
            ImageFormatException.Throw(FatFileSystem.Id, 0, $"there is no node {node}");
        }

        _metadata.Read(offset, entry);
        if (!FatDirectoryReader.IsNode(entry))
        {
            ImageFormatException.Throw(FatFileSystem.Id, offset, "there is no file and no directory");
        }
    }

    private uint FirstCluster(ReadOnlySpan<byte> entry)
    {
        uint low = BinaryPrimitives.ReadUInt16LittleEndian(entry[26..]);
        uint high = BinaryPrimitives.ReadUInt16LittleEndian(entry[20..]);
        return _geometry.Bits == 32 ? (high << 16) | low : low;
    }

    private NodeInfo ToNode(ReadOnlySpan<byte> entry, long offset)
    {
        DosAttributes attributes = (DosAttributes)entry[11];
        int createdDate = BinaryPrimitives.ReadUInt16LittleEndian(entry[16..]);
        int accessedDate = BinaryPrimitives.ReadUInt16LittleEndian(entry[18..]);
        Timestamp modified = DosTime.From(
            BinaryPrimitives.ReadUInt16LittleEndian(entry[24..]), BinaryPrimitives.ReadUInt16LittleEndian(entry[22..]));
        bool isDirectory = (attributes & DosAttributes.Directory) != 0;
        long size = isDirectory ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(entry[28..]);
        long clusters = (size + _geometry.ClusterSize - 1) / _geometry.ClusterSize;

        FileType type = isDirectory ? FileType.Directory : FileType.Regular;
        return new((ulong)offset, type, DosPermissions.Of(attributes, isDirectory), size)
        {
            AllocatedBytes = isDirectory ? -1 : clusters * _geometry.ClusterSize,
            Accessed = accessedDate == 0 ? modified : DosTime.From(accessedDate, 0),
            Modified = modified,
            Changed = modified,
            Created = createdDate == 0
                ? null
                : DosTime.From(
                    createdDate, BinaryPrimitives.ReadUInt16LittleEndian(entry[14..]), Math.Min((int)entry[13], 199)),
        };
    }

    private TreeStatistics CountFree()
    {
        long free = _geometry.FatLength <= MaxCountedFat ? _table.CountFree() : ReadFreeCount();
        long total = (long)_geometry.ClusterCount * _geometry.ClusterSize;
        return new(total, free * _geometry.ClusterSize, 0, _geometry.ClusterSize);
    }

    // The FSInfo sector of FAT32; a hint only.
    private long ReadFreeCount()
    {
        Span<byte> sector = stackalloc byte[512];
        long offset = (long)_geometry.InfoSector * _geometry.SectorSize;
        if (offset == 0 || offset > _volume.Length - sector.Length)
        {
            return 0;
        }

        _volume.Read(offset, sector);
        uint free = BinaryPrimitives.ReadUInt32LittleEndian(sector[488..]);
        bool isValid = sector.StartsWith("RRaA"u8) && sector[484..].StartsWith("rrAa"u8);
        return isValid && free <= _geometry.ClusterCount ? free : 0;
    }
}
