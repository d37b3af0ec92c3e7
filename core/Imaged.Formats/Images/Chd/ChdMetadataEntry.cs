namespace Imaged.Formats.Images.Chd;

/// <summary>An entry of the metadata.</summary>
/// <param name="Tag">Its name as a number.</param>
/// <param name="IsChecked">Whether the SHA-1 of the whole goes over it.</param>
/// <param name="Offset">Byte offset of its data in the file.</param>
/// <param name="Length">Bytes of its data.</param>
internal readonly record struct ChdMetadataEntry(uint Tag, bool IsChecked, long Offset, int Length);
