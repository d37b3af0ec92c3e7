namespace Imaged.Formats.Images.Aff4;

/// <summary>A member of the ZIP file.</summary>
/// <param name="Header">Byte offset of its local header.</param>
/// <param name="StoredLength">Its length in the file.</param>
/// <param name="Length">Its length in bytes.</param>
/// <param name="Method">0 as it is, 8 deflate.</param>
internal readonly record struct Aff4Member(long Header, long StoredLength, long Length, int Method);
