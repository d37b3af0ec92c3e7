namespace Imaged.Blocks;

/// <summary>A run of bytes.</summary>
/// <param name="Offset">Byte offset of its first byte.</param>
/// <param name="Length">Length in bytes.</param>
public readonly record struct BlockRange(long Offset, long Length)
{
    /// <summary>Byte offset just behind the range.</summary>
    public long End => Offset + Length;
}
