namespace Imaged.Formats.Images.Compressed;

/// <summary>A place of a compressed file where decoding can begin, and what is decoded from there up to the next
/// one.</summary>
/// <param name="Offset">Byte offset in the content.</param>
/// <param name="Length">Bytes of the content, at least 1.</param>
/// <param name="StoredBits">Bit offset in the file.</param>
/// <param name="StoredLength">Bytes of the file, from the byte with the first bit on; 0 when decoding ends inside of
/// something.</param>
internal readonly record struct SeekPoint(long Offset, long Length, long StoredBits, long StoredLength)
{
    /// <summary>Byte offset in the file.</summary>
    public long StoredOffset => StoredBits >> 3;

    /// <summary>CRC-32 of the content, when the format's own checks do not cover it; else null.</summary>
    public uint? Check { get; init; }

    /// <summary>What the decoder must know of the content before, in the format's own form; null for nothing.</summary>
    public byte[]? State { get; init; }
}
