namespace Imaged.Blocks;

/// <summary>How the bytes of a chunk come about.</summary>
public enum ChunkKind
{
    /// <summary>They are decoded from something stored.</summary>
    Encoded,

    /// <summary>They stand in another source as they are.</summary>
    Verbatim,

    /// <summary>They are zero, and nothing is stored.</summary>
    Zero,

    /// <summary>Nothing is stored: the backing file has them, or they are zero.</summary>
    Unallocated,
}

/// <summary>A run of bytes of a <see cref="ChunkedSource"/> that come about in one way.</summary>
/// <param name="Kind">The way.</param>
/// <param name="Offset">Byte offset in the source.</param>
/// <param name="Length">Length in bytes, at least 1; of an encoded one at most
/// <see cref="ChunkedSource.MaxChunkLength"/>.</param>
/// <param name="Index">Of an encoded one: a number that no other one of the source has.</param>
/// <param name="Stored">Of a verbatim one: the source that has the bytes.</param>
/// <param name="StoredOffset">Of a verbatim one: byte offset in <paramref name="Stored"/>.</param>
public readonly record struct Chunk(
    ChunkKind Kind, long Offset, long Length, long Index = 0, BlockSource? Stored = null, long StoredOffset = 0)
{
    /// <summary>A chunk to be decoded as a whole.</summary>
    public static Chunk Encoded(long index, long offset, int length) => new(ChunkKind.Encoded, offset, length, index);

    /// <summary>A run that stands in <paramref name="stored"/> as it is.</summary>
    public static Chunk Verbatim(long offset, long length, BlockSource stored, long storedOffset) =>
        new(ChunkKind.Verbatim, offset, length, 0, stored, storedOffset);

    /// <summary>A run of zeros.</summary>
    public static Chunk Zero(long offset, long length) => new(ChunkKind.Zero, offset, length);

    /// <summary>A run of which nothing is stored.</summary>
    public static Chunk Unallocated(long offset, long length) => new(ChunkKind.Unallocated, offset, length);
}
