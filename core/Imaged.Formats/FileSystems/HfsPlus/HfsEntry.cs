using System.Buffers.Binary;
using System.Text;
using Imaged.Formats.Model;

namespace Imaged.Formats.HfsPlus;

/// <summary>A file or folder of the catalog (TN1150, "Catalog File").</summary>
internal sealed class HfsEntry
{
    private const int FolderKind = 1;
    private const int FileKind = 2;
    private const int FolderLength = 88;
    private const int FileLength = 248;

    // 1904-01-01 in seconds before 1970-01-01.
    private const long Epoch = 2_082_844_800;
    private const int TypeMask = 0xf000;
    private const byte CompressedFlag = 0x20;

    private readonly byte[] _key;
    private readonly byte[] _data;

    private HfsEntry(ulong node, byte[] key, byte[] data)
    {
        Node = node;
        _key = key;
        _data = data;
    }

    /// <summary>Where the record stands: number of the leaf, and in the lower 16 bits of the record.</summary>
    public ulong Node { get; }

    /// <summary>Catalog node id of the folder that it is in.</summary>
    public uint Parent => BinaryPrimitives.ReadUInt32BigEndian(_key);

    /// <summary>Catalog node id.</summary>
    public uint Id => UInt32(8);

    /// <summary>Whether it is a folder.</summary>
    public bool IsFolder => _data[1] == FolderKind;

    /// <summary>Type and creator of a file, as the Finder has them.</summary>
    public ulong TypeAndCreator => IsFolder ? 0 : BinaryPrimitives.ReadUInt64BigEndian(_data.AsSpan(48));

    /// <summary>Of a link: number of what it is linked to. Of what is linked to: number of links.</summary>
    public uint Special => UInt32(44);

    /// <summary>Whether the content is compressed, in an attribute or the resource fork.</summary>
    public bool IsCompressed => !IsFolder && (_data[41] & CompressedFlag) != 0;

    /// <summary>The Finder's information, 32 bytes.</summary>
    public ReadOnlySpan<byte> FinderInfo => _data.AsSpan(48, 32);

    /// <summary>Of a file: its data fork.</summary>
    public HfsFork DataFork => HfsFork.Parse(_data.AsSpan(88));

    /// <summary>Of a file: its resource fork.</summary>
    public HfsFork ResourceFork => HfsFork.Parse(_data.AsSpan(168));

    /// <summary>Type of file.</summary>
    public FileType Type
    {
        get
        {
            FileType type = (FileType)(Mode & TypeMask);
            return IsFolder ? FileType.Directory
                : type is FileType.Fifo or FileType.CharacterDevice or FileType.BlockDevice or FileType.SymbolicLink
                    or FileType.Socket ? type
                : FileType.Regular;
        }
    }

    private ushort Mode => BinaryPrimitives.ReadUInt16BigEndian(_data.AsSpan(42));

    /// <summary>The file or folder that stands at a record; null when it is something else (a thread).</summary>
    public static HfsEntry? TryRead(HfsNode node, int index)
    {
        ReadOnlySpan<byte> key = node.Read(index, 0, out ReadOnlySpan<byte> data);
        int kind = data.Length < 2 ? 0 : BinaryPrimitives.ReadUInt16BigEndian(data);
        int length = kind switch { FolderKind => FolderLength, FileKind => FileLength, _ => int.MaxValue };
        return data.Length < length || key.Length < 6
            ? null
            : new(((ulong)node.Number << 16) | (uint)index, key.ToArray(), data[..length].ToArray());
    }

    /// <summary>The name as files have it here: UTF-8, and a colon where there is a slash, as macOS shows it. Empty
    /// when it
    /// cannot be one.</summary>
    public byte[] Name()
    {
        int length = BinaryPrimitives.ReadUInt16BigEndian(_key.AsSpan(4));
        if (length * 2 > _key.Length - 6)
        {
            return [];
        }

        string text = Encoding.BigEndianUnicode.GetString(_key.AsSpan(6, length * 2)).Replace('/', ':');
        byte[] name = Encoding.UTF8.GetBytes(text);
        return name.Length > byte.MaxValue || name.Contains((byte)0) || text is "." or ".." ? [] : name;
    }

    /// <summary>Whether it has this name, as it is stored.</summary>
    public bool IsNamed(string name) => _key.AsSpan(6).SequenceEqual(Encoding.BigEndianUnicode.GetBytes(name));

    /// <summary>What a tree says of it.</summary>
    /// <param name="size">Bytes of its content.</param>
    public NodeInfo ToNode(long size)
    {
        int permissions = (Mode & TypeMask) != 0 ? Mode & 0xfff : IsFolder ? 0x1ed : 0x1a4; // 0755, 0644
        uint special = Special;
        bool isDevice = Type is FileType.CharacterDevice or FileType.BlockDevice;
        return new NodeInfo(Node, Type, (ushort)permissions, size)
        {
            Inode = Id,
            Uid = UInt32(32),
            Gid = UInt32(36),
            Links = !IsFolder && !isDevice && special is > 0 and < 1 << 16 ? special : 1,
            DeviceMajor = isDevice ? special >> 24 : 0,
            DeviceMinor = isDevice ? special & 0xffffff : 0,
            AllocatedBytes = -1,
            Created = Time(12),
            Modified = Time(16),
            Changed = Time(20),
            Accessed = Time(24),
        };
    }

    private Timestamp Time(int offset) => new(UInt32(offset) - Epoch, 0);

    private uint UInt32(int offset) => BinaryPrimitives.ReadUInt32BigEndian(_data.AsSpan(offset));
}
