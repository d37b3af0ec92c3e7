using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Optical.Isz;

/// <summary>The header of an ISZ image ("ISZ File Format Specification" of EZB Systems): 48 bytes, or 64 with
/// checksums; little-endian.</summary>
internal sealed record IszHeader
{
    /// <summary>Most chunks.</summary>
    public const int MaxChunks = 1 << 24;

    private const int ShortLength = 48;
    private const int LongLength = 64;
    private const long MaxImageLength = 1L << 46;

    /// <summary>Bytes of the header.</summary>
    public int Length { get; private init; }

    /// <summary>Bytes of the image.</summary>
    public long ImageLength { get; private init; }

    /// <summary>Bytes of an AES key; 0 when the image is not encrypted.</summary>
    public int KeyLength { get; private init; }

    /// <summary>Whether the image is said to be in several files of one size.</summary>
    public bool IsSplit { get; private init; }

    /// <summary>Number of chunks.</summary>
    public int ChunkCount { get; private init; }

    /// <summary>Bytes of a chunk.</summary>
    public int ChunkLength { get; private init; }

    /// <summary>Bytes of an entry of the chunk table, 1 to 4.</summary>
    public int EntryLength { get; private init; }

    /// <summary>Number of this file, the first one being 0.</summary>
    public int Segment { get; private init; }

    /// <summary>Byte offset of the chunk table; 0 when all chunks are stored as they are.</summary>
    public uint TableOffset { get; private init; }

    /// <summary>Byte offset of the table of files; 0 when there is none.</summary>
    public uint SegmentTableOffset { get; private init; }

    /// <summary>Byte offset of the chunks in this file.</summary>
    public uint DataOffset { get; private init; }

    /// <summary>CRC-32 of the image; null in a short header.</summary>
    public uint? Crc { get; private init; }

    /// <summary>Parses the header.</summary>
    /// <exception cref="ImageFormatException">It is damaged or none.</exception>
    /// <exception cref="UnsupportedFeatureException">The old encryption without AES.</exception>
    public static IszHeader Read(BlockSource file)
    {
        Span<byte> raw = stackalloc byte[LongLength];
        raw.Clear();
        int read = file.ReadUpTo(0, raw);
        int length = raw[4];
        if (!raw.StartsWith(IszFormat.Magic) || length is not (ShortLength or LongLength) || read < length)
        {
            ImageFormatException.Throw(IszFormat.Id, 0, "there is no header");
        }

        byte encryption = raw[16];
        if (encryption == 1)
        {
            UnsupportedFeatureException.Throw(IszFormat.Id, "encryption without AES");
        }

        if (encryption > 4)
        {
            ImageFormatException.Throw(IszFormat.Id, 16, $"the method of encryption is {encryption}");
        }

        long imageLength = BinaryPrimitives.ReadUInt16LittleEndian(raw[10..])
            * (long)BinaryPrimitives.ReadUInt32LittleEndian(raw[12..]);
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(raw[25..]);
        uint chunk = BinaryPrimitives.ReadUInt32LittleEndian(raw[29..]);
        if (imageLength is 0 or > MaxImageLength)
        {
            ImageFormatException.Throw(IszFormat.Id, 10, $"the image has {imageLength} bytes");
        }

        if (chunk is 0 or > ChunkedSource.MaxChunkLength
            || count > MaxChunks || count != (imageLength + chunk - 1) / chunk)
        {
            ImageFormatException.Throw(
                IszFormat.Id, 25, $"there are {count} chunks of {chunk} bytes for {imageLength} bytes");
        }

        if (raw[33] is 0 or > 4)
        {
            ImageFormatException.Throw(IszFormat.Id, 33, $"entries of the chunk table have {raw[33]} bytes");
        }

        return new()
        {
            Length = length,
            ImageLength = imageLength,
            KeyLength = encryption == 0 ? 0 : 8 * encryption,
            IsSplit = BinaryPrimitives.ReadUInt64LittleEndian(raw[17..]) != 0,
            ChunkCount = (int)count,
            ChunkLength = (int)chunk,
            EntryLength = raw[33],
            Segment = raw[34],
            TableOffset = BinaryPrimitives.ReadUInt32LittleEndian(raw[35..]),
            SegmentTableOffset = BinaryPrimitives.ReadUInt32LittleEndian(raw[39..]),
            DataOffset = BinaryPrimitives.ReadUInt32LittleEndian(raw[43..]),
            Crc = length == LongLength ? ~BinaryPrimitives.ReadUInt32LittleEndian(raw[48..]) : null,
        };
    }
}
