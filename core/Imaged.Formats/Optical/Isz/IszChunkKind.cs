namespace Imaged.Formats.Optical.Isz;

/// <summary>How a chunk is stored: the two highest bits of its entry.</summary>
internal enum IszChunkKind
{
    /// <summary>Not at all: it is zero.</summary>
    Zero,

    /// <summary>As it is.</summary>
    Stored,

    /// <summary>A zlib stream.</summary>
    Zlib,

    /// <summary>A bzip2 stream whose first three bytes are hidden.</summary>
    Bzip2,
}
