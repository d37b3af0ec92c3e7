namespace Imaged.Formats.Iso9660;

/// <summary>Algorithms of zisofs2 by their numbers in the file's header (description of zisofs2, "Supported
/// compressors"). Each block is a whole stream or frame, as the algorithm's own program writes it
/// (zisofs2-tools).</summary>
internal enum ZisofsAlgorithm
{
    /// <summary>zlib streams; the only one of version 1.</summary>
    Zlib = 1,

    /// <summary>xz streams.</summary>
    Xz = 2,

    /// <summary>LZ4 frames.</summary>
    Lz4 = 3,

    /// <summary>Zstandard frames.</summary>
    Zstd = 4,

    /// <summary>bzip2 streams.</summary>
    Bzip2 = 5,
}
