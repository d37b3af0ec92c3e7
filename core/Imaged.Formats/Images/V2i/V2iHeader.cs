using System.Buffers.Binary;
using System.IO.Hashing;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Images.V2i;

/// <summary>The 96 bytes that begin every slot of a set of files. Numbers are little endian.</summary>
/// <param name="IsBase">Whether it is that of the first slot of the first file, which holds the metadata.</param>
/// <param name="MetadataOffset">Byte offset in the file of the first metadata block, in a base header.</param>
/// <param name="ImageId">The same in all slots of a set.</param>
/// <param name="Version">Format version, major and minor.</param>
/// <param name="PasswordCrc">CRC-32 of the password; 0 when there is none.</param>
/// <param name="Sequence">Number of the block, from 1 on; 0 in a base header.</param>
/// <param name="StreamOffset">Byte offset in the stream of what the block holds.</param>
/// <param name="StreamLength">Bytes of the stream that it holds.</param>
/// <param name="PackedLength">Bytes of the payload that are compressed, with the flag before them.</param>
/// <param name="PayloadCrc">CRC-32 of the payload.</param>
internal readonly record struct V2iHeader(
    bool IsBase,
    uint MetadataOffset,
    uint ImageId,
    (ushort Major, ushort Minor) Version,
    uint PasswordCrc,
    uint Sequence,
    long StreamOffset,
    int StreamLength,
    int PackedLength,
    uint PayloadCrc)
{
    /// <summary>Bytes of a header.</summary>
    public const int Length = 96;

    /// <summary>Bytes of a slot.</summary>
    public const int SlotLength = 131072;

    /// <summary>Bytes of a slot behind its header.</summary>
    public const int PayloadLength = SlotLength - Length;

    private const int CrcOffset = 0x58;

    // Deflate packs 1032 bytes into one at most.
    private const int MaxStreamLength = ChunkedSource.MaxChunkLength;

    /// <summary>The first bytes of a base file.</summary>
    public static ReadOnlySpan<byte> BaseMagic => [0x78, 0x89, 0x26, 0x12];

    /// <summary>The first bytes of all other slots.</summary>
    public static ReadOnlySpan<byte> BlockMagic => "$CAN"u8;

    /// <summary>Reads a header and checks its CRC.</summary>
    /// <param name="raw">Its bytes.</param>
    /// <param name="offset">Byte offset of the slot, for errors.</param>
    /// <exception cref="ImageFormatException">It is damaged.</exception>
    /// <exception cref="UnsupportedFeatureException">Its slots have another size.</exception>
    public static V2iHeader Parse(ReadOnlySpan<byte> raw, long offset)
    {
        bool isBase = raw.StartsWith(BaseMagic);
        if (!isBase && !raw.StartsWith(BlockMagic))
        {
            V2iFormat.Throw(offset, "there is no block of the image where one should be");
        }

        if (Crc32.HashToUInt32(raw[..CrcOffset]) != BinaryPrimitives.ReadUInt32LittleEndian(raw[CrcOffset..]))
        {
            V2iFormat.Throw(offset, "the header of a block is damaged: its CRC is wrong");
        }

        uint slot = BinaryPrimitives.ReadUInt32LittleEndian(raw[0x1C..]);
        if (slot != SlotLength || BinaryPrimitives.ReadUInt32LittleEndian(raw[8..]) != Length)
        {
            UnsupportedFeatureException.Throw(V2iFormat.Info.Id, $"a block size of {slot} bytes");
        }

        ulong streamOffset = BinaryPrimitives.ReadUInt64LittleEndian(raw[0x38..]);
        uint streamLength = BinaryPrimitives.ReadUInt32LittleEndian(raw[0x40..]);
        uint packed = BinaryPrimitives.ReadUInt32LittleEndian(raw[0x48..]);
        if (streamOffset > long.MaxValue / 2 || streamLength is 0 or > MaxStreamLength || packed > PayloadLength)
        {
            V2iFormat.Throw(
                offset,
                $"a block holds {streamLength} bytes at {streamOffset} of the stream, {packed} of them packed");
        }

        return new(
            isBase,
            BinaryPrimitives.ReadUInt32LittleEndian(raw[4..]),
            BinaryPrimitives.ReadUInt32LittleEndian(raw[0x10..]),
            (BinaryPrimitives.ReadUInt16LittleEndian(raw[0x16..]),
                BinaryPrimitives.ReadUInt16LittleEndian(raw[0x14..])),
            BinaryPrimitives.ReadUInt32LittleEndian(raw[0x18..]),
            BinaryPrimitives.ReadUInt32LittleEndian(raw[0x30..]),
            (long)streamOffset,
            (int)streamLength,
            (int)packed,
            BinaryPrimitives.ReadUInt32LittleEndian(raw[(CrcOffset + 4)..]));
    }
}
