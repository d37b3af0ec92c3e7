namespace Imaged.Formats.Images.Partclone;

/// <summary>How an image tells which blocks are used; the numbers are those of the header of version 0002.</summary>
internal enum PartcloneBitmapKind
{
    /// <summary>All blocks are.</summary>
    None = 0,

    /// <summary>One bit for each block, the lowest of a byte first.</summary>
    Bits = 1,

    /// <summary>One byte for each block: 1 of a used one, anything else of one that is not.</summary>
    Bytes = 8,
}
