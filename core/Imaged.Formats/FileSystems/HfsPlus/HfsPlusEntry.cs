using System.Buffers.Binary;
using System.Text;
using Imaged.Formats.Hfs;
using Imaged.Formats.Model;

namespace Imaged.Formats.HfsPlus;

/// <summary>A file or folder of the catalog (TN1150, "Catalog File").</summary>
internal sealed class HfsPlusEntry : HfsCatalogEntry
{
    private const int FolderKind = 1;
    private const int FileKind = 2;
    private const int FolderLength = 88;
    private const int FileLength = 248;
    private const int TypeMask = 0xf000;
    private const byte LinkChainFlag = 0x20;
    private const byte CompressedFlag = 0x20;

    private readonly byte[] _key;

    private HfsPlusEntry(ulong node, byte[] key, byte[] data)
        : base(node, data) => _key = key;

    /// <inheritdoc/>
    public override uint Parent => BinaryPrimitives.ReadUInt32BigEndian(_key);

    /// <inheritdoc/>
    public override uint Id => UInt32(8);

    /// <inheritdoc/>
    public override bool IsFolder => Data[1] == FolderKind;

    /// <summary>Type and creator of a file, as the Finder has them.</summary>
    public ulong TypeAndCreator => IsFolder ? 0 : BinaryPrimitives.ReadUInt64BigEndian(Data[48..]);

    /// <summary>Of a link: number of what it is linked to. Of what is linked to: number of links.</summary>
    public uint Special => UInt32(44);

    /// <summary>Whether it is a link of a chain: what tells a link to a folder from an alias of the Finder's.</summary>
    public bool HasLinkChain => (Data[3] & LinkChainFlag) != 0;

    /// <summary>Whether the content is compressed, in an attribute or the resource fork.</summary>
    public bool IsCompressed => !IsFolder && (Data[41] & CompressedFlag) != 0;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> FinderInfo => Data.Slice(48, 32);

    /// <inheritdoc/>
    public override HfsFork DataFork => HfsPlusHeader.ParseFork(Data[88..]);

    /// <inheritdoc/>
    public override HfsFork ResourceFork => HfsPlusHeader.ParseFork(Data[168..]);

    /// <inheritdoc/>
    public override FileType Type
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

    private ushort Mode => UInt16(42);

    /// <summary>The file or folder that stands at a record; null when it is something else (a thread).</summary>
    public static HfsPlusEntry? TryRead(HfsNode node, int index)
    {
        ReadOnlySpan<byte> key = node.Read(index, 0, out ReadOnlySpan<byte> data);
        int kind = data.Length < 2 ? 0 : BinaryPrimitives.ReadUInt16BigEndian(data);
        int length = kind switch { FolderKind => FolderLength, FileKind => FileLength, _ => int.MaxValue };
        return data.Length < length || key.Length < 6
            ? null
            : new(((ulong)node.Number << 16) | (uint)index, key.ToArray(), data[..length].ToArray());
    }

    /// <summary>Whether it has this name, as it is stored.</summary>
    public bool IsNamed(string name) => _key.AsSpan(6).SequenceEqual(Encoding.BigEndianUnicode.GetBytes(name));

    /// <inheritdoc/>
    public override NodeInfo ToNode(long size)
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

    /// <inheritdoc/>
    protected override string StoredName()
    {
        int length = BinaryPrimitives.ReadUInt16BigEndian(_key.AsSpan(4));
        return length * 2 > _key.Length - 6
            ? string.Empty
            : Encoding.BigEndianUnicode.GetString(_key.AsSpan(6, length * 2));
    }
}
