using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Imaged.Formats.Ntfs;

/// <summary>Types of attributes of a file.</summary>
internal enum NtfsAttributeType : uint
{
    StandardInformation = 0x10,
    AttributeList = 0x20,
    FileName = 0x30,
    VolumeName = 0x60,
    VolumeInformation = 0x70,
    Data = 0x80,
    IndexRoot = 0x90,
    IndexAllocation = 0xa0,
    Bitmap = 0xb0,
    ReparsePoint = 0xc0,
    End = 0xffff_ffff,
}

/// <summary>An attribute of a file, or one of several extents of it, as a record of the MFT holds it.</summary>
internal sealed class NtfsAttribute
{
    private const int ResidentHeader = 24;
    private const int NonResidentHeader = 64;
    private const ushort CompressionMask = 0x00ff;
    private const ushort EncryptedFlag = 0x4000;
    private const ushort SparseFlag = 0x8000;

    private readonly byte[] _record;
    private readonly int _offset;
    private readonly int _length;

    private NtfsAttribute(byte[] record, int offset, int length)
    {
        _record = record;
        _offset = offset;
        _length = length;
        int name = UInt16(10);
        Name = MemoryMarshal.Cast<byte, char>(Bytes.Slice(name, Bytes[9] * 2)).ToString();
    }

    public NtfsAttributeType Type => (NtfsAttributeType)BinaryPrimitives.ReadUInt32LittleEndian(Bytes);

    /// <summary>Its name, as it is stored; empty for the main one of a type.</summary>
    public string Name { get; }

    /// <summary>Number among the attributes of the file.</summary>
    public int Id => UInt16(14);

    public bool IsResident => Bytes[8] == 0;

    /// <summary>Method of compression; 0 for none, 1 for LZNT1.</summary>
    public int Compression => UInt16(12) & CompressionMask;

    public bool IsEncrypted => (UInt16(12) & EncryptedFlag) != 0;

    /// <summary>The value of a resident attribute.</summary>
    public ReadOnlySpan<byte> Value =>
        Bytes.Slice(UInt16(20), (int)BinaryPrimitives.ReadUInt32LittleEndian(Bytes[16..]));

    /// <summary>First cluster of the attribute that this extent has.</summary>
    public long FirstCluster => IsResident ? 0 : Int64(16);

    /// <summary>Power of two of the clusters that are compressed together; 0 when they are not.</summary>
    public int CompressionUnit => Bytes[34];

    /// <summary>Bytes that it takes in the volume.</summary>
    public long Allocated => IsResident ? 0 : HasAllocated ? Int64(64) : Int64(40);

    public long Size => IsResident ? Value.Length : Int64(48);

    /// <summary>Bytes that were written; zeros follow.</summary>
    public long Initialized => IsResident ? Value.Length : Int64(56);

    /// <summary>Where the clusters are.</summary>
    public ReadOnlySpan<byte> Runs => Bytes[UInt16(32)..];

    private bool HasAllocated =>
        (UInt16(12) & (CompressionMask | SparseFlag)) != 0 && UInt16(32) >= NonResidentHeader + 8;

    private ReadOnlySpan<byte> Bytes => _record.AsSpan(_offset, _length);

    /// <summary>The attribute at an offset of a record.</summary>
    /// <param name="record">The record, put right.</param>
    /// <param name="offset">Of the attribute.</param>
    /// <param name="length">Set to its length in bytes.</param>
    /// <returns>Null when it is damaged.</returns>
    public static NtfsAttribute? TryParse(byte[] record, int offset, out int length)
    {
        ReadOnlySpan<byte> rest = record.AsSpan(offset);
        length = rest.Length < ResidentHeader
            ? 0
            : (int)Math.Min(BinaryPrimitives.ReadUInt32LittleEndian(rest[4..]), int.MaxValue);
        if (length < ResidentHeader || length > rest.Length || length % 8 != 0)
        {
            return null;
        }

        ReadOnlySpan<byte> bytes = rest[..length];
        int nameEnd = BinaryPrimitives.ReadUInt16LittleEndian(bytes[10..]) + (bytes[9] * 2);
        return nameEnd <= length && (bytes[8] == 0 ? IsResidentSound(bytes) : IsNonResidentSound(bytes))
            ? new(record, offset, length)
            : null;
    }

    private static bool IsResidentSound(ReadOnlySpan<byte> bytes) =>
        BinaryPrimitives.ReadUInt16LittleEndian(bytes[20..])
            + (ulong)BinaryPrimitives.ReadUInt32LittleEndian(bytes[16..]) <= (ulong)bytes.Length;

    private static bool IsNonResidentSound(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= NonResidentHeader
        && BinaryPrimitives.ReadUInt16LittleEndian(bytes[32..]) is ushort runs && runs >= NonResidentHeader
        && runs < bytes.Length && BinaryPrimitives.ReadInt64LittleEndian(bytes[16..]) >= 0
        && BinaryPrimitives.ReadInt64LittleEndian(bytes[40..]) >= 0
        && BinaryPrimitives.ReadInt64LittleEndian(bytes[48..]) >= 0
        && BinaryPrimitives.ReadInt64LittleEndian(bytes[56..]) >= 0;

    private int UInt16(int offset) => BinaryPrimitives.ReadUInt16LittleEndian(Bytes[offset..]);

    private long Int64(int offset) => BinaryPrimitives.ReadInt64LittleEndian(Bytes[offset..]);
}
