using System.Buffers.Binary;

namespace Imaged.Formats.Partitions.Mbr;

/// <summary>One of the four 16-byte entries of an MBR or EBR. The CHS fields are ignored, as everybody does.</summary>
internal readonly record struct MbrEntry(byte Status, byte Type, uint First, uint Count)
{
    public const int TableOffset = 446;
    public const int Size = 16;
    public const int EntryCount = 4;

    public bool IsEmpty => Count == 0;

    public bool IsExtended => Type is 0x05 or 0x0f or 0x85;

    public bool IsProtective => Type == 0xee;

    public static MbrEntry Parse(ReadOnlySpan<byte> sector, int index)
    {
        ReadOnlySpan<byte> raw = sector.Slice(TableOffset + (index * Size), Size);
        return new(
            raw[0],
            raw[4],
            BinaryPrimitives.ReadUInt32LittleEndian(raw[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(raw[12..]));
    }

    /// <summary>Writes another number of sectors, and the CHS address of an end that has none (FE FF FF), which stands
    /// for: look at the numbers.</summary>
    public static void WriteCount(Span<byte> sector, int index, uint count)
    {
        Span<byte> raw = sector.Slice(TableOffset + (index * Size), Size);
        raw[5] = 0xfe;
        raw[6] = 0xff;
        raw[7] = 0xff;
        BinaryPrimitives.WriteUInt32LittleEndian(raw[12..], count);
    }

    public static bool HasSignature(ReadOnlySpan<byte> sector) => sector[510] == 0x55 && sector[511] == 0xaa;
}
