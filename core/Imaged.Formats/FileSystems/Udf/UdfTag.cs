using System.Buffers.Binary;

namespace Imaged.Formats.Udf;

/// <summary>Descriptor tag identifiers (ECMA-167 3/7.2.1 and 4/7.2.1).</summary>
internal enum UdfTagId : ushort
{
    /// <summary>A sparing table carries no number of its own.</summary>
    None = 0,
    PrimaryVolume = 1,
    Anchor = 2,
    VolumePointer = 3,
    ImplementationUse = 4,
    Partition = 5,
    LogicalVolume = 6,
    UnallocatedSpace = 7,
    Terminating = 8,
    LogicalVolumeIntegrity = 9,
    FileSet = 0x100,
    FileIdentifier = 0x101,
    AllocationExtent = 0x102,
    IndirectEntry = 0x103,
    TerminalEntry = 0x104,
    FileEntry = 0x105,
    AttributeHeader = 0x106,
    ExtendedFileEntry = 0x10A,
}

/// <summary>The 16 bytes at the head of every descriptor.</summary>
/// <param name="Id">What follows.</param>
/// <param name="Crc">Checksum of <paramref name="CrcLength"/> bytes behind the tag.</param>
/// <param name="CrcLength">0 when the bytes are not checked.</param>
/// <param name="Location">Block that the descriptor was written for; relative to the partition inside one.</param>
internal readonly record struct UdfTag(UdfTagId Id, ushort Crc, ushort CrcLength, uint Location)
{
    /// <summary>Length of a tag in bytes.</summary>
    public const int Length = 16;

    private static readonly ushort[] CrcTable = MakeCrcTable();

    /// <summary>Reads a tag; false when its own checksum is wrong, which says that there is no descriptor.</summary>
    public static bool TryParse(ReadOnlySpan<byte> raw, out UdfTag tag)
    {
        tag = default;
        if (raw.Length < Length)
        {
            return false;
        }

        byte sum = 0;
        byte any = 0;
        for (int i = 0; i < Length; i++)
        {
            any |= raw[i];
            if (i != 4)
            {
                sum = unchecked((byte)(sum + raw[i]));
            }
        }

        // Zeros add up to a right checksum.
        if (any == 0 || sum != raw[4])
        {
            return false;
        }

        tag = new(
            (UdfTagId)BinaryPrimitives.ReadUInt16LittleEndian(raw),
            BinaryPrimitives.ReadUInt16LittleEndian(raw[8..]),
            BinaryPrimitives.ReadUInt16LittleEndian(raw[10..]),
            BinaryPrimitives.ReadUInt32LittleEndian(raw[12..]));
        return true;
    }

    /// <summary>Whether the bytes of <paramref name="descriptor"/>, tag included, are those that were written. A CRC
    /// that covers more than the block at hand cannot be checked and passes.</summary>
    public bool Covers(ReadOnlySpan<byte> descriptor) =>
        CrcLength > descriptor.Length - Length || ComputeCrc(descriptor.Slice(Length, CrcLength)) == Crc;

    /// <summary>CRC of ECMA-167 1/7.2.6: polynomial 0x1021, begins with 0.</summary>
    public static ushort ComputeCrc(ReadOnlySpan<byte> bytes)
    {
        uint crc = 0;
        foreach (byte value in bytes)
        {
            crc = unchecked((crc << 8) ^ CrcTable[((crc >> 8) ^ value) & 0xff]);
        }

        return unchecked((ushort)crc);
    }

    private static ushort[] MakeCrcTable()
    {
        ushort[] table = new ushort[256];
        for (uint i = 0; i < 256; i++)
        {
            uint value = i << 8;
            for (int bit = 0; bit < 8; bit++)
            {
                value = (value & 0x8000) != 0 ? (value << 1) ^ 0x1021 : value << 1;
            }

            table[i] = unchecked((ushort)value);
        }

        return table;
    }
}
