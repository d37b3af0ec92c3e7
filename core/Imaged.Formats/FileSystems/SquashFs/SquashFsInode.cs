using System.Buffers.Binary;
using Imaged.Formats.Model;

namespace Imaged.Formats.SquashFs;

/// <summary>An inode without its variable part. Types 1 to 7 are the short forms, 8 to 14 the extended ones.</summary>
internal readonly record struct SquashFsInode
{
    public const uint NoFragment = uint.MaxValue;
    public const uint NoAttributes = uint.MaxValue;

    private const int BaseLength = 16;

    // Of the types by number: bytes behind the common 16, without block lists, targets and directory indexes.
    private static ReadOnlySpan<byte> FixedLengths => [0, 16, 16, 8, 8, 8, 4, 4, 24, 40, 8, 12, 12, 8, 8];

    /// <summary>Reference in the inode table: block and offset.</summary>
    public long Reference { get; init; }

    public FileType Type { get; init; }

    public bool IsExtended { get; init; }

    public ushort Permissions { get; init; }

    public int UidIndex { get; init; }

    public int GidIndex { get; init; }

    public uint Modified { get; init; }

    public uint Number { get; init; }

    public uint Links { get; init; }

    /// <summary>Of a file its length, of a directory that of its listing, of a link that of its target.</summary>
    public long Size { get; init; }

    /// <summary>Of a file the offset of its first block in the volume, of a directory that of its listing's block in
    /// the directory table.</summary>
    public long Start { get; init; }

    /// <summary>Of a directory the offset in the decoded block, of a file that in the fragment block.</summary>
    public uint Offset { get; init; }

    public uint Fragment { get; init; }

    /// <summary>Bytes of holes.</summary>
    public long Sparse { get; init; }

    public uint Device { get; init; }

    /// <summary>Number of entries of the directory index.</summary>
    public int IndexEntries { get; init; }

    /// <summary>Number in the attribute table; of an extended link it is behind the target.</summary>
    public uint Attributes { get; init; }

    /// <summary>Where the variable part begins.</summary>
    public SquashFsCursor Behind { get; init; }

    /// <summary>Reads the inode with a reference.</summary>
    public static SquashFsInode Read(SquashFsVolume volume, long reference)
    {
        SquashFsSuperblock superblock = volume.Superblock;
        long block = superblock.InodeTable + (reference >> 16);
        int offset = (int)(reference & 0xFFFF);
        if (reference < 0 || block >= superblock.DirectoryTable || offset >= SquashFsSuperblock.MetadataLength)
        {
            ImageFormatException.Throw(
                SquashFsFileSystem.Id,
                superblock.InodeTable,
                $"inode reference {reference:x} is outside the inode table");
        }

        SquashFsCursor cursor = new(block, offset);
        Span<byte> raw = stackalloc byte[BaseLength];
        volume.ReadMetadata(ref cursor, raw);
        int type = BinaryPrimitives.ReadUInt16LittleEndian(raw);
        if (type is < 1 or > 14)
        {
            ImageFormatException.Throw(
                SquashFsFileSystem.Id, block, $"inode {reference:x} has type {type}, outside 1..14");
        }

        Span<byte> rest = stackalloc byte[40];
        rest = rest[..FixedLengths[type]];
        volume.ReadMetadata(ref cursor, rest);
        SquashFsInode inode = new()
        {
            Reference = reference,
            Type = TypeOf(type),
            IsExtended = type > 7,
            Permissions = (ushort)(BinaryPrimitives.ReadUInt16LittleEndian(raw[2..]) & 0xFFF),
            UidIndex = BinaryPrimitives.ReadUInt16LittleEndian(raw[4..]),
            GidIndex = BinaryPrimitives.ReadUInt16LittleEndian(raw[6..]),
            Modified = BinaryPrimitives.ReadUInt32LittleEndian(raw[8..]),
            Number = BinaryPrimitives.ReadUInt32LittleEndian(raw[12..]),
            Fragment = NoFragment,
            Attributes = NoAttributes,
            Behind = cursor,
        };
        return Parse(inode, type, rest);
    }

    /// <summary>Type of the files that a type number stands for.</summary>
    public static FileType TypeOf(int type) => (type > 7 ? type - 7 : type) switch
    {
        1 => FileType.Directory,
        3 => FileType.SymbolicLink,
        4 => FileType.BlockDevice,
        5 => FileType.CharacterDevice,
        6 => FileType.Fifo,
        7 => FileType.Socket,
        _ => FileType.Regular,
    };

    private static SquashFsInode Parse(SquashFsInode inode, int type, ReadOnlySpan<byte> raw) => type switch
    {
        1 => inode with
        {
            Start = U32(raw, 0),
            Links = U32(raw, 4),
            Size = BinaryPrimitives.ReadUInt16LittleEndian(raw[8..]),
            Offset = BinaryPrimitives.ReadUInt16LittleEndian(raw[10..]),
        },
        8 => inode with
        {
            Links = U32(raw, 0),
            Size = U32(raw, 4),
            Start = U32(raw, 8),
            IndexEntries = BinaryPrimitives.ReadUInt16LittleEndian(raw[16..]),
            Offset = BinaryPrimitives.ReadUInt16LittleEndian(raw[18..]),
            Attributes = U32(raw, 20),
        },
        2 => inode with
        {
            Links = 1,
            Start = U32(raw, 0),
            Fragment = U32(raw, 4),
            Offset = U32(raw, 8),
            Size = U32(raw, 12),
        },
        9 => inode with
        {
            Start = BinaryPrimitives.ReadInt64LittleEndian(raw),
            Size = BinaryPrimitives.ReadInt64LittleEndian(raw[8..]),
            Sparse = BinaryPrimitives.ReadInt64LittleEndian(raw[16..]),
            Links = U32(raw, 24),
            Fragment = U32(raw, 28),
            Offset = U32(raw, 32),
            Attributes = U32(raw, 36),
        },
        3 or 10 => inode with { Links = U32(raw, 0), Size = U32(raw, 4) },
        4 or 5 => inode with { Links = U32(raw, 0), Device = U32(raw, 4) },
        11 or 12 => inode with { Links = U32(raw, 0), Device = U32(raw, 4), Attributes = U32(raw, 8) },
        6 or 7 => inode with { Links = U32(raw, 0) },
        _ => inode with { Links = U32(raw, 0), Attributes = U32(raw, 4) },
    };

    private static uint U32(ReadOnlySpan<byte> raw, int at) => BinaryPrimitives.ReadUInt32LittleEndian(raw[at..]);
}
