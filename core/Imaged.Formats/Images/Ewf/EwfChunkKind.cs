namespace Imaged.Formats.Images.Ewf;

/// <summary>How a chunk is stored.</summary>
internal enum EwfChunkKind
{
    /// <summary>As it is.</summary>
    Stored,

    /// <summary>As a zlib stream.</summary>
    Zlib,

    /// <summary>As eight bytes that it consists of.</summary>
    Pattern,
}
