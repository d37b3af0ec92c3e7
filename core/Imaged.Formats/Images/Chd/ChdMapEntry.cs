using System.Buffers.Binary;

namespace Imaged.Formats.Images.Chd;

/// <summary>What the map of a compressed CHD says about a hunk. In memory it has the 12 bytes over which the map's
/// checksum goes.</summary>
/// <param name="Kind">0 to 3: compressed with the codec of that number; 4, 5, 6: see the constants.</param>
/// <param name="StoredLength">Bytes that are stored.</param>
/// <param name="Offset">Byte offset of what is stored; of a copy the number of the hunk, or of the parent's
/// unit.</param>
/// <param name="Crc">CRC-16 of the hunk; 0 for copies.</param>
internal readonly record struct ChdMapEntry(int Kind, int StoredLength, long Offset, ushort Crc)
{
    /// <summary>Bytes of an entry.</summary>
    public const int Length = 12;

    /// <summary>Not compressed.</summary>
    public const int Plain = 4;

    /// <summary>The same as an earlier hunk.</summary>
    public const int Self = 5;

    /// <summary>The same as a part of the parent, which begins at any unit.</summary>
    public const int Parent = 6;

    /// <summary>Largest offset that there is room for.</summary>
    public const long MaxOffset = (1L << 48) - 1;

    /// <summary>Whether it is compressed.</summary>
    public bool IsEncoded => Kind < Plain;

    /// <summary>Reads an entry.</summary>
    public static ChdMapEntry Parse(ReadOnlySpan<byte> raw) => new(
        raw[0],
        (raw[1] << 16) | BinaryPrimitives.ReadUInt16BigEndian(raw[2..]),
        ((long)BinaryPrimitives.ReadUInt16BigEndian(raw[4..]) << 32) | BinaryPrimitives.ReadUInt32BigEndian(raw[6..]),
        BinaryPrimitives.ReadUInt16BigEndian(raw[10..]));

    /// <summary>Writes the entry.</summary>
    public void Write(Span<byte> raw)
    {
        BinaryPrimitives.WriteUInt32BigEndian(raw, ((uint)Kind << 24) | (uint)StoredLength);
        BinaryPrimitives.WriteUInt16BigEndian(raw[4..], (ushort)(Offset >> 32));
        BinaryPrimitives.WriteUInt32BigEndian(raw[6..], (uint)(Offset & uint.MaxValue));
        BinaryPrimitives.WriteUInt16BigEndian(raw[10..], Crc);
    }
}
