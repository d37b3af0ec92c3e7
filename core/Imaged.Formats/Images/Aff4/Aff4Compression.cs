namespace Imaged.Formats.Images.Aff4;

/// <summary>How chunks are compressed that became shorter by it.</summary>
internal enum Aff4Compression
{
    /// <summary>Not.</summary>
    None,

    /// <summary>Snappy.</summary>
    Snappy,

    /// <summary>LZ4 blocks.</summary>
    Lz4,

    /// <summary>Deflate without a header.</summary>
    Deflate,

    /// <summary>Deflate as zlib has it.</summary>
    Zlib,
}
