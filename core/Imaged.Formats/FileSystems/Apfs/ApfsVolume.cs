using System.Buffers.Binary;
using Imaged.Formats.Model;

namespace Imaged.Formats.Apfs;

/// <summary>The records of an opened volume (Apple File System Reference, "File-System Objects").
/// Thread-safe.</summary>
internal sealed class ApfsVolume
{
    /// <summary>Kind of an inode's record.</summary>
    public const int InodeKind = 3;

    /// <summary>Kind of an extended attribute's record.</summary>
    public const int AttributeKind = 4;

    /// <summary>Kind of a record of where a file's bytes are.</summary>
    public const int ExtentKind = 8;

    /// <summary>Kind of a record of a name in a folder.</summary>
    public const int EntryKind = 9;

    private const int HeaderLength = 8;
    private const int KindShift = 60;
    private const ulong IdMask = (1ul << KindShift) - 1;

    // A file of so many pieces would take an hour to read from a disk.
    private const int MaxExtents = 1 << 20;

    private readonly ApfsBlocks _blocks;
    private readonly ApfsBTree _tree;

    /// <summary>Opens a volume.</summary>
    /// <exception cref="ImageFormatException">Its object map is damaged.</exception>
    public ApfsVolume(ApfsBlocks blocks, ApfsVolumeHeader header)
    {
        Header = header;
        _blocks = blocks;
        ApfsObjectMap map = new(blocks, header.ObjectMap, header.Transaction);
        _tree = new ApfsBTree(blocks, map.Find(header.Root), 0, map.Find);
    }

    /// <summary>Its superblock.</summary>
    public ApfsVolumeHeader Header { get; }

    /// <summary>All records of a kind that belong to an id.</summary>
    /// <exception cref="ImageFormatException">The tree is damaged.</exception>
    public IEnumerable<(ApfsNode Node, int Index)> Records(ulong id, int kind)
    {
        foreach ((ApfsNode node, int index) in _tree.From(key => Compare(key, id, kind)))
        {
            if (Compare(node.Read(index, out _), id, kind) != 0)
            {
                yield break;
            }

            yield return (node, index);
        }
    }

    /// <summary>A leaf by its block.</summary>
    /// <exception cref="ImageFormatException">It is damaged.</exception>
    public ApfsNode ReadLeaf(ulong address) => _tree.Read(address);

    /// <summary>An inode.</summary>
    /// <exception cref="ImageFormatException">There is none, or it is damaged.</exception>
    public ApfsInode ReadInode(ulong id)
    {
        foreach ((ApfsNode node, int index) in Records(id, InodeKind))
        {
            node.Read(index, out ReadOnlySpan<byte> value);
            return ApfsInode.Parse(id, value);
        }

        throw new ImageFormatException(ApfsFileSystem.Id, 0, $"there is no inode {id}");
    }

    /// <summary>Opens the bytes of a stream.</summary>
    /// <param name="stream">Its id.</param>
    /// <param name="length">Bytes.</param>
    /// <exception cref="ImageFormatException">Its extents are damaged.</exception>
    public ApfsStreamSource OpenStream(ulong stream, long length)
    {
        List<ApfsExtent> extents = [];
        foreach ((ApfsNode node, int index) in Records(stream, ExtentKind))
        {
            ReadOnlySpan<byte> key = node.Read(index, out ReadOnlySpan<byte> value);
            if (extents.Count == MaxExtents)
            {
                ImageFormatException.Throw(ApfsFileSystem.Id, 0, $"file {stream} has more than {MaxExtents} extents");
            }

            extents.Add(ApfsExtent.Parse(key[HeaderLength..], value, _blocks.BlockSize));
        }

        return new ApfsStreamSource(_blocks, extents, length);
    }

    private static int Compare(ReadOnlySpan<byte> key, ulong id, int kind)
    {
        if (key.Length < HeaderLength)
        {
            return -1;
        }

        ulong header = BinaryPrimitives.ReadUInt64LittleEndian(key);
        int order = (header & IdMask).CompareTo(id);
        return order != 0 ? order : ((int)(header >> KindShift)).CompareTo(kind);
    }
}
