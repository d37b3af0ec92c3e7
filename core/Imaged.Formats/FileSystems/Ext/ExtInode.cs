using System.Buffers.Binary;
using Imaged.Formats.Model;

namespace Imaged.Formats.Ext;

/// <summary>Flags of an inode (i_flags) that a reader must know.</summary>
[Flags]
internal enum ExtInodeFlags : uint
{
    Encrypted = 0x800,
    Indexed = 0x1000,
    HugeFile = 0x40000,
    Extents = 0x80000,
    AttributeInode = 0x200000,
    InlineData = 0x10000000,
    CaseFolded = 0x40000000,
}

/// <summary>A view of an inode's bytes: at least the first 128, at most all of them.</summary>
internal readonly ref struct ExtInode
{
    /// <summary>Length of the block map, which holds inline data and short link targets as well.</summary>
    public const int MapLength = 60;

    public const int MapOffset = 0x28;

    private const int GoodOldLength = 128;

    private readonly ReadOnlySpan<byte> _raw;
    private readonly ExtSuperblock _superblock;

    public ExtInode(uint number, ReadOnlySpan<byte> raw, ExtSuperblock superblock)
    {
        Number = number;
        _raw = raw;
        _superblock = superblock;
    }

    public uint Number { get; }

    public ushort Mode => U16(0x00);

    public FileType Type => (FileType)(Mode & 0xF000);

    public ushort Links => U16(0x1A);

    public uint DeletionTime => U32(0x14);

    public ExtInodeFlags Flags => (ExtInodeFlags)U32(0x20);

    /// <summary>Block of the extended attributes; 0 for none.</summary>
    public long AttributeBlock => U32(0x68) | ((long)U16(0x76) << 32);

    /// <summary>Length of the content. The upper half is a size for regular files only, unless directories may be
    /// large.</summary>
    public ulong Size => U32(0x04)
        | (Type == FileType.Regular || _superblock.Has(ExtIncompatible.LargeDirectories) ? (ulong)U32(0x6C) << 32 : 0);

    /// <summary>Allocated units of 512 bytes, or of blocks with the huge-file flag.</summary>
    public long AllocatedUnits => U32(0x1C)
        | (_superblock.Has(ExtReadOnlyCompatible.HugeFile) ? (long)U16(0x74) << 32 : 0);

    /// <summary>Length of the fields behind the first 128 bytes that are in use.</summary>
    public int AdditionalLength
    {
        get
        {
            if (_superblock.InodeSize <= GoodOldLength)
            {
                return 0;
            }

            int length = U16(0x80);
            return length > _superblock.InodeSize - GoodOldLength || length % 4 != 0 ? 0 : length;
        }
    }

    public ReadOnlySpan<byte> Map => _raw.Slice(MapOffset, MapLength);

    /// <summary>Whether a link's target is in the block map: it has no blocks but that of its attributes. Where those
    /// may be in inodes, whose blocks count as well, its size decides.</summary>
    public bool IsFastLink
    {
        get
        {
            if (_superblock.Has(ExtIncompatible.AttributeInodes))
            {
                return Size < MapLength;
            }

            long attributeUnits = AttributeBlock == 0 ? 0 : _superblock.ClusterSize / 512;
            return AllocatedUnits <= attributeUnits;
        }
    }

    public bool Has(ExtInodeFlags flag) => (Flags & flag) != 0;

    /// <summary>The node; throws when this is no file.</summary>
    /// <param name="offset">Byte offset of the inode, for messages.</param>
    public NodeInfo ToNode(long offset)
    {
        FileType type = Type;
        if (type is not (FileType.Fifo or FileType.CharacterDevice or FileType.Directory or FileType.BlockDevice
            or FileType.Regular or FileType.SymbolicLink or FileType.Socket))
        {
            ImageFormatException.Throw(
                ExtFileSystem.Id, offset, $"inode {Number} has mode {Mode:x4}, which is no type of file");
        }

        if (Links == 0 && DeletionTime != 0)
        {
            ImageFormatException.Throw(ExtFileSystem.Id, offset, $"inode {Number} is deleted");
        }

        if (Size > long.MaxValue)
        {
            ImageFormatException.Throw(ExtFileSystem.Id, offset + 0x6C, $"inode {Number} has a size above 2^63 - 1");
        }

        bool isDevice = type is FileType.BlockDevice or FileType.CharacterDevice;
        (uint major, uint minor) = isDevice ? Device() : default;
        return new NodeInfo(Number, type, (ushort)(Mode & 0xFFF), isDevice ? 0 : (long)Size)
        {
            Inode = Number,
            Links = Links,
            Uid = U16(0x02) | ((uint)U16(0x78) << 16),
            Gid = U16(0x18) | ((uint)U16(0x7A) << 16),
            DeviceMajor = major,
            DeviceMinor = minor,
            AllocatedBytes = Allocated(),
            Accessed = Time(0x08, 0x8C),
            Changed = Time(0x0C, 0x84),
            Modified = Time(0x10, 0x88),
            Created = Holds(0x90) ? Time(0x90, 0x94) : null,
        };
    }

    private long Allocated()
    {
        int shift = Has(ExtInodeFlags.HugeFile) && _superblock.Has(ExtReadOnlyCompatible.HugeFile)
            ? _superblock.BlockShift : 9;
        if (AllocatedUnits > long.MaxValue >> (shift + 1))
        {
            return -1;
        }

        // Data in the inode counts like blocks, as in the kernel: a file of length without blocks would pass for a
        // hole.
        bool inline = Has(ExtInodeFlags.InlineData) && Type == FileType.Regular;
        long inside = inline ? (long)Math.Min(Size, (ulong)_superblock.InodeSize) : 0;
        return (AllocatedUnits << shift) + ((inside + 511) & ~511L);
    }

    // Seconds are signed 32 bits; of the additional word the lower two bits extend them upwards, the others count
    // nanoseconds.
    private Timestamp Time(int at, int additionalAt)
    {
        long seconds = unchecked((int)U32(at));
        if (!Holds(additionalAt))
        {
            return new(seconds, 0);
        }

        uint additional = U32(additionalAt);
        uint nanoseconds = additional >> 2;
        return new(seconds + ((long)(additional & 3) << 32), nanoseconds < 1_000_000_000 ? nanoseconds : 0);
    }

    // The old encoding (8 and 8 bits) is in the first word of the map, the new one (12 and 20 bits) in the second.
    private (uint Major, uint Minor) Device()
    {
        uint old = U32(MapOffset);
        if (old != 0)
        {
            return ((old >> 8) & 0xFF, old & 0xFF);
        }

        uint wide = U32(MapOffset + 4);
        return ((wide >> 8) & 0xFFF, (wide & 0xFF) | ((wide >> 12) & 0xFFF00));
    }

    private bool Holds(int at) => at + 4 <= GoodOldLength + AdditionalLength && at + 4 <= _raw.Length;

    private ushort U16(int at) => BinaryPrimitives.ReadUInt16LittleEndian(_raw[at..]);

    private uint U32(int at) => BinaryPrimitives.ReadUInt32LittleEndian(_raw[at..]);
}
