namespace Imaged.Formats.Images.Xz;

/// <summary>A block of a file.</summary>
/// <param name="StoredOffset">Byte offset in the file.</param>
/// <param name="UnpaddedLength">Bytes in the file, without the padding.</param>
/// <param name="Offset">Byte offset in what it decodes to.</param>
/// <param name="Length">Bytes that it decodes to, at least 1.</param>
/// <param name="Check">What follows its data.</param>
internal readonly record struct XzBlock(
    long StoredOffset, long UnpaddedLength, long Offset, long Length, XzCheckType Check)
{
    /// <summary>Bytes in the file.</summary>
    public long StoredLength => (UnpaddedLength + 3) & ~3L;
}
