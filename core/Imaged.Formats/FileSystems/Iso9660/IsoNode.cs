using Imaged.Formats.Model;

namespace Imaged.Formats.Iso9660;

/// <summary>How the bytes of a regular file are stored.</summary>
internal enum IsoPacking
{
    /// <summary>As they are.</summary>
    None,

    /// <summary>zisofs.</summary>
    Zisofs,

    /// <summary>An algorithm of zisofs' frame that is not known.</summary>
    Unknown,

    /// <summary>Rock Ridge's sparse file.</summary>
    Sparse,
}

/// <summary>One node while its records are read: what they say, in no order. Used again for the next one.</summary>
internal sealed class IsoNode
{
    /// <summary>Longest target of a symbolic link in bytes.</summary>
    public const int MaxLinkLength = 4095;

    /// <summary>Byte offset of the (first) record.</summary>
    public long Offset;

    /// <summary>Byte offset just behind the (last) record.</summary>
    public long End;

    /// <summary>The name; <see cref="NameLength"/> bytes of it.</summary>
    public readonly byte[] Name = new byte[IsoNames.MaxLength];

    /// <summary>Bytes of the name.</summary>
    public int NameLength;

    /// <summary>Whether it is a directory.</summary>
    public bool IsDirectory;

    /// <summary>Where the directory lies.</summary>
    public IsoDirectory Directory;

    /// <summary>Bytes of all sections of the file.</summary>
    public long DataLength;

    /// <summary>Byte offset of the first section.</summary>
    public long DataOffset;

    /// <summary>The recording date.</summary>
    public Timestamp Recorded;

    /// <summary>What Rock Ridge says.</summary>
    public RockRidgeAttributes Rock;

    /// <summary>Sections of the file, when somebody wants them.</summary>
    public List<IsoSection>? Sections;

    /// <summary>Target of the symbolic link, when somebody wants it.</summary>
    public byte[]? Link;

    /// <summary>The name as bytes.</summary>
    public ReadOnlySpan<byte> NameSpan => Name.AsSpan(0, NameLength);

    /// <summary>Type of file: Rock Ridge may say more than file or directory, but not change one for the
    /// other.</summary>
    public FileType Type
    {
        get
        {
            FileType type = Rock.HasMode ? (FileType)(Rock.Mode & 0xF000) : FileType.Regular;
            return IsDirectory ? FileType.Directory : type switch
            {
                FileType.Fifo or FileType.CharacterDevice or FileType.BlockDevice or FileType.SymbolicLink
                    or FileType.Socket => type,
                _ => FileType.Regular,
            };
        }
    }

    /// <summary>The node for the outside.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="blockSize">Allocation unit in bytes.</param>
    public NodeInfo ToNodeInfo(ulong id, int blockSize)
    {
        const uint PlainDirectory = 0b101_101_101;
        const uint PlainFile = 0b100_100_100;
        FileType type = Type;
        uint plain = IsDirectory ? PlainDirectory : PlainFile;
        ushort permissions = (ushort)(Rock.HasMode ? Rock.Mode & 0xFFF : plain);
        long size = type switch
        {
            FileType.Directory => Directory.Length,
            FileType.Regular when Rock.Packing is IsoPacking.Zisofs or IsoPacking.Sparse => Rock.UnpackedLength,
            FileType.Regular => DataLength,
            FileType.SymbolicLink => Math.Min(Rock.LinkLength, MaxLinkLength),
            _ => 0,
        };
        long stored = type is FileType.Directory ? Directory.Length : type is FileType.Regular ? DataLength : 0;
        bool isDevice = type is FileType.CharacterDevice or FileType.BlockDevice;
        return new(id, type, permissions, size)
        {
            Inode = Inode(type),
            Links = Rock.Links,
            Uid = Rock.Uid,
            Gid = Rock.Gid,
            DeviceMajor = isDevice ? Rock.DeviceMajor : 0,
            DeviceMinor = isDevice ? Rock.DeviceMinor : 0,
            AllocatedBytes = (stored + blockSize - 1) / blockSize * blockSize,
            Accessed = Rock.Accessed ?? Rock.Modified ?? Recorded,
            Modified = Rock.Modified ?? Recorded,
            Changed = Rock.Changed ?? Rock.Modified ?? Recorded,
            Created = Rock.Created,
        };
    }

    // Serial numbers came with version 1.12 of Rock Ridge; before, links to one file share its data, and an empty file
    // has none that could tell.
    private ulong Inode(FileType type) =>
        Rock.Serial != 0 ? Rock.Serial
        : type == FileType.Regular && Rock.Links > 1 && DataLength > 0 && DataOffset > 0 ? (ulong)DataOffset
        : 0;
}

/// <summary>A run of blocks of a file.</summary>
/// <param name="Offset">Byte offset in the volume, not checked.</param>
/// <param name="Length">Bytes of the file in it.</param>
/// <param name="UnitLength">Bytes of a file unit when the section is interleaved, else 0.</param>
/// <param name="GapLength">Bytes between two units.</param>
internal readonly record struct IsoSection(long Offset, long Length, int UnitLength, int GapLength);
