using System.Buffers.Binary;
using System.Text;
using Imaged.Formats.Model;

namespace Imaged.Formats.Hfs;

/// <summary>A file or folder of the catalog of HFS or HFS+.</summary>
/// <param name="node">Where the record stands: number of the leaf, and in the lower 16 bits of the record.</param>
/// <param name="data">The record without its key.</param>
internal abstract class HfsCatalogEntry(ulong node, byte[] data)
{
    /// <summary>Id of the root's parent.</summary>
    public const uint RootParent = 1;

    // 1904-01-01 in seconds before 1970-01-01.
    private const long Epoch = 2_082_844_800;

    /// <summary>Where the record stands.</summary>
    public ulong Node => node;

    /// <summary>Catalog node id of the folder that it is in.</summary>
    public abstract uint Parent { get; }

    /// <summary>Catalog node id.</summary>
    public abstract uint Id { get; }

    /// <summary>Whether it is a folder.</summary>
    public abstract bool IsFolder { get; }

    /// <summary>Type of file.</summary>
    public abstract FileType Type { get; }

    /// <summary>The Finder's information, 32 bytes.</summary>
    public abstract ReadOnlySpan<byte> FinderInfo { get; }

    /// <summary>Of a file: its data fork.</summary>
    public abstract HfsFork DataFork { get; }

    /// <summary>Of a file: its resource fork.</summary>
    public abstract HfsFork ResourceFork { get; }

    /// <summary>The record.</summary>
    protected ReadOnlySpan<byte> Data => data;

    /// <summary>The name as files have it here: UTF-8, and a colon where there is a slash, as macOS shows it. Empty
    /// when it cannot be one.</summary>
    public byte[] Name()
    {
        string text = StoredName().Replace('/', ':');
        byte[] name = Encoding.UTF8.GetBytes(text);
        return name.Length > byte.MaxValue || name.Contains((byte)0) || text is "." or ".." ? [] : name;
    }

    /// <summary>What a tree says of it.</summary>
    /// <param name="size">Bytes of its content.</param>
    public abstract NodeInfo ToNode(long size);

    /// <summary>The name as it is stored; empty when it is damaged.</summary>
    protected abstract string StoredName();

    /// <summary>A time: seconds since 1904.</summary>
    protected Timestamp Time(int offset) => new(UInt32(offset) - Epoch, 0);

    /// <summary>A field of the record.</summary>
    protected uint UInt32(int offset) => BinaryPrimitives.ReadUInt32BigEndian(Data[offset..]);

    /// <summary>A field of the record.</summary>
    protected ushort UInt16(int offset) => BinaryPrimitives.ReadUInt16BigEndian(Data[offset..]);
}
