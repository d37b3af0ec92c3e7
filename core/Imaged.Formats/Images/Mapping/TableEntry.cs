using System.Buffers.Binary;

namespace Imaged.Formats.Images.Mapping;

/// <summary>One entry of an allocation table, and which unit it is of.</summary>
internal readonly ref struct TableEntry
{
    /// <summary>An entry.</summary>
    /// <param name="index">Number of the unit.</param>
    /// <param name="wanted">Byte offset in the disk, inside the unit.</param>
    /// <param name="at">Byte offset of the entry in the file, for messages.</param>
    /// <param name="raw">Its bytes.</param>
    public TableEntry(long index, long wanted, ulong at, ReadOnlySpan<byte> raw)
    {
        Index = index;
        Wanted = wanted;
        At = at;
        Raw = raw;
    }

    /// <summary>Number of the unit.</summary>
    public long Index { get; }

    /// <summary>Byte offset in the disk of the byte that is asked for; it lies in the unit.</summary>
    public long Wanted { get; }

    /// <summary>Byte offset of the entry in the file.</summary>
    public ulong At { get; }

    /// <summary>Bytes of the entry.</summary>
    public ReadOnlySpan<byte> Raw { get; }

    /// <summary>The entry as a 32-bit number, little endian.</summary>
    public uint UInt32Little => BinaryPrimitives.ReadUInt32LittleEndian(Raw);

    /// <summary>The entry as a 32-bit number, big endian.</summary>
    public uint UInt32Big => BinaryPrimitives.ReadUInt32BigEndian(Raw);

    /// <summary>The entry's first 64 bits as a number, little endian.</summary>
    public ulong UInt64Little => BinaryPrimitives.ReadUInt64LittleEndian(Raw);

    /// <summary>The entry's first 64 bits as a number, big endian.</summary>
    public ulong UInt64Big => BinaryPrimitives.ReadUInt64BigEndian(Raw);
}
