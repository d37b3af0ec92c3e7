using System.Buffers.Binary;
using Imaged.Formats.Model;

namespace Imaged.Formats.Apfs;

/// <summary>A file, folder, link or other (j_inode_val).</summary>
/// <param name="Id">Its number.</param>
/// <param name="Stream">Id of its bytes.</param>
/// <param name="Mode">Type and permissions.</param>
/// <param name="Links">Of a file: names.</param>
/// <param name="Flags">Flags of BSD.</param>
/// <param name="Uid">Owner.</param>
/// <param name="Gid">Group.</param>
/// <param name="Length">Bytes of its stream.</param>
/// <param name="AllocatedLength">Bytes that are allocated to it.</param>
/// <param name="SparseLength">Bytes of these that are not stored.</param>
/// <param name="Device">Numbers of a device.</param>
/// <param name="Times">Created, modified, changed, accessed: nanoseconds since 1970.</param>
internal sealed record ApfsInode(
    ulong Id,
    ulong Stream,
    ushort Mode,
    uint Links,
    uint Flags,
    uint Uid,
    uint Gid,
    long Length,
    long AllocatedLength,
    long SparseLength,
    uint Device,
    long[] Times)
{
    private const int FieldsOffset = 92;
    private const byte StreamField = 8;
    private const byte SparseField = 13;
    private const byte DeviceField = 14;
    private const int TypeMask = 0xf000;
    private const uint CompressedFlag = 0x20;

    /// <summary>Type of file.</summary>
    public FileType Type => (FileType)(Mode & TypeMask);

    /// <summary>Whether the content is compressed, in an attribute.</summary>
    public bool IsCompressed => Type == FileType.Regular && (Flags & CompressedFlag) != 0;

    /// <summary>Reads one.</summary>
    /// <exception cref="ImageFormatException">It is damaged.</exception>
    public static ApfsInode Parse(ulong id, ReadOnlySpan<byte> raw)
    {
        if (raw.Length < FieldsOffset)
        {
            ImageFormatException.Throw(ApfsFileSystem.Id, 0, $"inode {id} has {raw.Length} bytes");
        }

        FileType type = (FileType)(BinaryPrimitives.ReadUInt16LittleEndian(raw[80..]) & TypeMask);
        if (!Enum.IsDefined(type))
        {
            ImageFormatException.Throw(ApfsFileSystem.Id, 0, $"inode {id} is of type {(int)type:x4}");
        }

        ReadOnlySpan<byte> fields = raw[FieldsOffset..];
        ReadOnlySpan<byte> stream = FindField(fields, StreamField, 16);
        ReadOnlySpan<byte> sparse = FindField(fields, SparseField, 8);
        ReadOnlySpan<byte> device = FindField(fields, DeviceField, 4);
        return new(
            id,
            BinaryPrimitives.ReadUInt64LittleEndian(raw[8..]),
            BinaryPrimitives.ReadUInt16LittleEndian(raw[80..]),
            type == FileType.Directory ? 1 : BinaryPrimitives.ReadUInt32LittleEndian(raw[56..]),
            BinaryPrimitives.ReadUInt32LittleEndian(raw[68..]),
            BinaryPrimitives.ReadUInt32LittleEndian(raw[72..]),
            BinaryPrimitives.ReadUInt32LittleEndian(raw[76..]),
            stream.IsEmpty ? 0 : CheckLength(id, BinaryPrimitives.ReadUInt64LittleEndian(stream)),
            stream.IsEmpty ? 0 : CheckLength(id, BinaryPrimitives.ReadUInt64LittleEndian(stream[8..])),
            sparse.IsEmpty ? 0 : CheckLength(id, BinaryPrimitives.ReadUInt64LittleEndian(sparse)),
            device.IsEmpty ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(device),
            [Int64(raw, 16), Int64(raw, 24), Int64(raw, 32), Int64(raw, 40)]);
    }

    /// <summary>What a tree says of it.</summary>
    /// <param name="size">Bytes of its content, or of the target of a link.</param>
    public NodeInfo ToNode(long size)
    {
        bool isDevice = Type is FileType.CharacterDevice or FileType.BlockDevice;
        return new NodeInfo(Id, Type, (ushort)(Mode & 0xfff), size)
        {
            Inode = Id,
            Uid = Uid,
            Gid = Gid,
            Links = Links,
            DeviceMajor = isDevice ? Device >> 24 : 0,
            DeviceMinor = isDevice ? Device & 0xffffff : 0,
            AllocatedBytes = Type == FileType.Regular && !IsCompressed
                ? Math.Max(AllocatedLength - SparseLength, 0)
                : -1,
            Created = Time(0),
            Modified = Time(1),
            Changed = Time(2),
            Accessed = Time(3),
        };
    }

    /// <summary>A length that a stream can have.</summary>
    /// <exception cref="ImageFormatException">It is none.</exception>
    public static long CheckLength(ulong id, ulong length) => length <= long.MaxValue >> 1
        ? (long)length
        : throw new ImageFormatException(ApfsFileSystem.Id, 0, $"file {id} has {length} bytes");

    // Extended fields: count, bytes of all, then kind, flags and length of each, then the values, each in eights.
    private static ReadOnlySpan<byte> FindField(ReadOnlySpan<byte> raw, byte kind, int minLength)
    {
        int count = raw.Length < 4 ? 0 : BinaryPrimitives.ReadUInt16LittleEndian(raw);
        int at = 4 + (count * 4);
        for (int i = 0; i < count && at <= raw.Length; i++)
        {
            ReadOnlySpan<byte> field = raw.Slice(4 + (i * 4), 4);
            int length = BinaryPrimitives.ReadUInt16LittleEndian(field[2..]);
            if (field[0] == kind && length >= minLength && at + length <= raw.Length)
            {
                return raw.Slice(at, length);
            }

            at += (length + 7) & ~7;
        }

        return [];
    }

    private static long Int64(ReadOnlySpan<byte> raw, int offset) =>
        BinaryPrimitives.ReadInt64LittleEndian(raw[offset..]);

    private Timestamp Time(int index)
    {
        long seconds = Math.DivRem(Times[index], 1_000_000_000, out long rest);
        return rest < 0 ? new(seconds - 1, (uint)(rest + 1_000_000_000)) : new(seconds, (uint)rest);
    }
}
