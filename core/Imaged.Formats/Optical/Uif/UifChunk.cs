using System.Buffers.Binary;

namespace Imaged.Formats.Optical.Uif;

/// <summary>How a chunk is stored: the numbers of the format.</summary>
internal enum UifChunkKind : uint
{
    /// <summary>As it is; the rest is zero.</summary>
    Stored = 1,

    /// <summary>Nothing is stored: it is zero.</summary>
    Zero = 3,

    /// <summary>zlib, or LZMA from version 3 on.</summary>
    Compressed = 5,
}

/// <summary>An entry of the table of chunks: 24 bytes.</summary>
/// <param name="StoredOffset">Byte offset in the file.</param>
/// <param name="StoredLength">Bytes in the file.</param>
/// <param name="Sector">First sector of the image.</param>
/// <param name="Sectors">Sectors of the image.</param>
/// <param name="Kind">How it is stored.</param>
internal readonly record struct UifChunk(
    long StoredOffset, uint StoredLength, uint Sector, uint Sectors, UifChunkKind Kind)
{
    /// <summary>Bytes of an entry.</summary>
    public const int EntryLength = 24;

    /// <summary>Sector behind the chunk.</summary>
    public long End => (long)Sector + Sectors;

    /// <summary>Parses an entry.</summary>
    public static UifChunk Parse(ReadOnlySpan<byte> raw) => new(
        BinaryPrimitives.ReadInt64LittleEndian(raw),
        BinaryPrimitives.ReadUInt32LittleEndian(raw[8..]),
        BinaryPrimitives.ReadUInt32LittleEndian(raw[12..]),
        BinaryPrimitives.ReadUInt32LittleEndian(raw[16..]),
        (UifChunkKind)BinaryPrimitives.ReadUInt32LittleEndian(raw[20..]));
}
