using System.Buffers.Binary;

namespace Imaged.Formats.Xfs;

/// <summary>The header of a record of the log (fs/xfs/libxfs/xfs_log_format.h, struct xlog_rec_header). Blocks of the
/// log have 512 bytes.</summary>
/// <param name="Block">Number of its block.</param>
/// <param name="Cycle">Number of the turn through the log in which it was written.</param>
/// <param name="Headers">Blocks of headers: one for each 32 KiB.</param>
/// <param name="Blocks">Blocks of the body behind them.</param>
/// <param name="Operations">Operations in the body.</param>
/// <param name="IsLittleEndian">Whether they are in the byte order that is read here.</param>
/// <param name="TailCycle">The turn in which the first record was written that is still needed.</param>
/// <param name="TailBlock">Number of the block of that record.</param>
/// <param name="FirstWords">What the first four bytes of each block of the body were: the cycle stands in their
/// place.</param>
internal sealed record XfsLogRecord(
    long Block,
    uint Cycle,
    long Headers,
    long Blocks,
    uint Operations,
    bool IsLittleEndian,
    uint TailCycle,
    long TailBlock,
    byte[] FirstWords)
{
    /// <summary>Bytes of a block of the log.</summary>
    public const int BlockSize = 512;

    /// <summary>First bytes of a header.</summary>
    public const uint Magic = 0xFEEDBABE;

    /// <summary>Most blocks of a body whose first words are all in the first header.</summary>
    public const int MaxWords = 64;

    private const int BytesPerHeader = 32768;
    private const int MaxLength = 1 << 20;
    private const uint Version2 = 2;
    private const uint LittleEndianFormat = 1;

    /// <summary>Blocks of the record.</summary>
    public long Length => Headers + Blocks;

    /// <summary>The record that begins with a block; null when none does.</summary>
    /// <param name="raw">The block.</param>
    /// <param name="block">Its number.</param>
    public static XfsLogRecord? TryParse(ReadOnlySpan<byte> raw, long block)
    {
        uint length = U32(raw, 12);
        uint size = U32(raw, 320);
        if (U32(raw, 0) != Magic || length is 0 or > MaxLength || size > MaxLength)
        {
            return null;
        }

        bool isLong = (U32(raw, 8) & Version2) != 0 && size > BytesPerHeader;
        return new(
            block,
            U32(raw, 4),
            isLong ? (size + BytesPerHeader - 1) / BytesPerHeader : 1,
            (length + BlockSize - 1) / BlockSize,
            U32(raw, 40),
            U32(raw, 300) == LittleEndianFormat,
            U32(raw, 24),
            U32(raw, 28),
            raw.Slice(44, 4 * MaxWords).ToArray());
    }

    private static uint U32(ReadOnlySpan<byte> raw, int at) => BinaryPrimitives.ReadUInt32BigEndian(raw[at..]);
}
