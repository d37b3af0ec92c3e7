namespace Imaged.Formats.Images.Vhdx;

/// <summary>Bytes that the log has for the file.</summary>
/// <param name="Offset">Byte offset in the file; whole log sectors.</param>
/// <param name="Length">Length in bytes; whole log sectors.</param>
/// <param name="Data">The bytes; null for zeros.</param>
internal sealed record VhdxUpdate(long Offset, long Length, byte[]? Data);
