using System.Buffers.Binary;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.V2i;

/// <summary>A record of the map of used sectors.</summary>
/// <param name="Kind">How it tells them.</param>
/// <param name="Covered">Sectors of the volume that it tells of.</param>
/// <param name="Stored">How many of them are stored.</param>
/// <param name="StoredBefore">How many are stored of all records before it.</param>
/// <param name="DetailSlot">Number of its first slot of details.</param>
internal readonly record struct V2iRecord(
    V2iRecordKind Kind, int Covered, int Stored, long StoredBefore, int DetailSlot)
{
    /// <summary>Sectors of every record but the last.</summary>
    public const int SectorsPerRecord = 32768;

    private const ushort Magic = 0x3474;

    /// <summary>How many slots its details take.</summary>
    public int DetailSlots => Kind switch
    {
        V2iRecordKind.Runs => 1,
        V2iRecordKind.Bits => SectorsPerRecord / 8 / V2iMap.SectorLength,
        _ => 0,
    };

    /// <summary>Reads a record.</summary>
    /// <param name="raw">Its bytes.</param>
    /// <param name="index">Its number.</param>
    /// <param name="covered">Sectors that it must tell of.</param>
    /// <param name="storedBefore">Of all records before it.</param>
    /// <param name="detailSlot">First slot that is still free.</param>
    /// <param name="offset">Byte offset in the stream, for errors.</param>
    /// <exception cref="ImageFormatException">It is wrong.</exception>
    public static V2iRecord Parse(
        ReadOnlySpan<byte> raw, int index, int covered, long storedBefore, int detailSlot, long offset)
    {
        V2iRecordKind kind = (V2iRecordKind)BinaryPrimitives.ReadUInt16LittleEndian(raw[10..]);
        int stored = BinaryPrimitives.ReadUInt16LittleEndian(raw[8..]);
        bool fits = kind switch
        {
            V2iRecordKind.None => stored == 0,
            V2iRecordKind.All => stored == covered,
            V2iRecordKind.Runs or V2iRecordKind.Bits => stored <= covered,
            _ => false,
        };
        if (!fits || BinaryPrimitives.ReadUInt16LittleEndian(raw) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(raw[2..]) != index
            || BinaryPrimitives.ReadUInt16LittleEndian(raw[6..]) != covered)
        {
            V2iFormat.Throw(
                offset, $"record {index} of the map of used sectors, of kind 0x{(int)kind:x3}, is damaged");
        }

        return new(kind, covered, stored, storedBefore, detailSlot);
    }
}
