namespace Imaged.Formats.Images.V2i;

/// <summary>A part of the stream.</summary>
/// <param name="Offset">Byte offset in the stream.</param>
/// <param name="Length">Bytes.</param>
internal readonly record struct V2iRange(long Offset, long Length);
