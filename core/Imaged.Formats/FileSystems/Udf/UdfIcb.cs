using System.Buffers.Binary;
using Imaged.Formats.Model;

namespace Imaged.Formats.Udf;

/// <summary>Values of the file type field (ECMA-167 4/14.6.6, UDF 2.3.5.2).</summary>
internal enum UdfFileType : byte
{
    Unspecified = 0,
    Directory = 4,
    Regular = 5,
    BlockDevice = 6,
    CharacterDevice = 7,
    Fifo = 9,
    Socket = 10,
    SymbolicLink = 12,
    StreamDirectory = 13,
    VirtualAllocationTable = 248,
    RealTime = 249,
    Metadata = 250,
    MetadataMirror = 251,
}

/// <summary>A file entry or extended file entry: the inode of UDF (ECMA-167 4/14.9 and 4/14.17).</summary>
internal readonly record struct UdfIcb
{
    // 2^60: far above any medium, and far enough from 2^63 for sums.
    private const ulong MaxFileLength = 1UL << 60;

    /// <summary>Where the entry is; with strategy 4096 not where the node's ICB begins.</summary>
    public required UdfAddress Address { get; init; }

    /// <summary>Type of file.</summary>
    public required UdfFileType FileType { get; init; }

    /// <summary>Flags of the ICB tag.</summary>
    public required ushort Flags { get; init; }

    /// <summary>Length of the content in bytes.</summary>
    public required long Length { get; init; }

    /// <summary>Byte offset of the extended attributes in the block.</summary>
    public required int AttributesOffset { get; init; }

    /// <summary>Length of the extended attributes in bytes.</summary>
    public required int AttributesLength { get; init; }

    /// <summary>Length of the allocation descriptors, or of the content itself, in bytes; it stands behind the extended
    /// attributes.</summary>
    public required int AllocationLength { get; init; }

    /// <summary>How the allocation descriptors look: 0 short, 1 long, 2 extended, 3 the content itself.</summary>
    public int AllocationKind => Flags & 7;

    /// <summary>Byte offset of the allocation descriptors in the block.</summary>
    public int AllocationOffset => AttributesOffset + AttributesLength;

    /// <summary>Whether a tag is that of an entry.</summary>
    public static bool IsEntry(UdfTagId id) => id is UdfTagId.FileEntry or UdfTagId.ExtendedFileEntry;

    /// <summary>Reads an entry.</summary>
    /// <param name="block">The block that it fills; the tag has been checked.</param>
    /// <param name="address">Of that block.</param>
    /// <param name="volume">Names the place of what is wrong.</param>
    public static UdfIcb Parse(ReadOnlySpan<byte> block, UdfAddress address, UdfVolume volume)
    {
        bool extended = BinaryPrimitives.ReadUInt16LittleEndian(block) == (ushort)UdfTagId.ExtendedFileEntry;
        int header = extended ? 216 : 176;
        uint attributes = BinaryPrimitives.ReadUInt32LittleEndian(block[(header - 8)..]);
        uint allocation = BinaryPrimitives.ReadUInt32LittleEndian(block[(header - 4)..]);
        if (attributes > block.Length - header || allocation > block.Length - header - attributes)
        {
            volume.Throw(address, $"{attributes} bytes of attributes and {allocation} of descriptors leave the block");
        }

        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(block[56..]);
        if (length > MaxFileLength)
        {
            volume.Throw(address, $"information length {length} is above {MaxFileLength}");
        }

        return new()
        {
            Address = address,
            FileType = (UdfFileType)block[27],
            Flags = BinaryPrimitives.ReadUInt16LittleEndian(block[34..]),
            Length = (long)length,
            AttributesOffset = header,
            AttributesLength = (int)attributes,
            AllocationLength = (int)allocation,
        };
    }

    /// <summary>What a directory listing shows, but for the size of a link and the number of a device.</summary>
    /// <param name="block">The block given to <see cref="Parse"/>.</param>
    /// <param name="id">Id of the node.</param>
    /// <param name="volume">The volume.</param>
    public NodeInfo ToNode(ReadOnlySpan<byte> block, ulong id, UdfVolume volume)
    {
        bool extended = AttributesOffset == 216;
        ulong blocks = BinaryPrimitives.ReadUInt64LittleEndian(block[(extended ? 72 : 64)..]);
        ReadOnlySpan<byte> times = block[(extended ? 80 : 72)..];
        FileType type = ToFileType(volume);

        // UDF counts the names and the parent entries of subdirectories, but a directory has no entry for itself.
        uint self = type == Model.FileType.Directory ? 1u : 0u;
        return new(id, type, ToPermissions(block), Length)
        {
            Links = BinaryPrimitives.ReadUInt16LittleEndian(block[48..]) + self,
            Uid = Owner(block[36..]),
            Gid = Owner(block[40..]),
            AllocatedBytes = blocks > (ulong)(long.MaxValue / volume.BlockSize) ? -1 : (long)blocks * volume.BlockSize,
            Accessed = UdfTime.Parse(times),
            Modified = UdfTime.Parse(times[UdfTime.Length..]),
            Changed = UdfTime.Parse(times[(extended ? 36 : 24)..]),
            Created = extended ? UdfTime.Parse(times[24..]) : null,
        };
    }

    private static uint Owner(ReadOnlySpan<byte> raw)
    {
        uint id = BinaryPrimitives.ReadUInt32LittleEndian(raw);
        return id == 0xffffffff ? 0 : id;
    }

    private FileType ToFileType(UdfVolume volume) => FileType switch
    {
        UdfFileType.Directory or UdfFileType.StreamDirectory => Model.FileType.Directory,
        UdfFileType.Unspecified or UdfFileType.Regular or UdfFileType.RealTime => Model.FileType.Regular,
        UdfFileType.BlockDevice => Model.FileType.BlockDevice,
        UdfFileType.CharacterDevice => Model.FileType.CharacterDevice,
        UdfFileType.Fifo => Model.FileType.Fifo,
        UdfFileType.Socket => Model.FileType.Socket,
        UdfFileType.SymbolicLink => Model.FileType.SymbolicLink,
        _ => volume.Throw<FileType>(Address, $"file type {(int)FileType} is not one of a file in a directory"),
    };

    // Five bits for each class, others lowest: execute, write, read, change attributes, delete. The ICB flags hold
    // set-user-id, set-group-id and sticky from bit 6 on.
    private ushort ToPermissions(ReadOnlySpan<byte> block)
    {
        uint bits = BinaryPrimitives.ReadUInt32LittleEndian(block[44..]);
        uint mode = (bits & 7) | ((bits >> 2) & 0x38) | ((bits >> 4) & 0x1c0);
        mode |= (Flags & 0x40u) << 5 | (Flags & 0x80u) << 3 | (Flags & 0x100u) << 1;
        return (ushort)mode;
    }
}
