namespace Imaged.Formats.Images.Ewf;

/// <summary>Where a chunk stands.</summary>
/// <param name="Offset">Byte offset in its file; of a pattern, its eight bytes as a little-endian number.</param>
/// <param name="Length">Bytes stored, with what follows the data; not checked.</param>
/// <param name="Kind">How it is stored.</param>
/// <param name="HasChecksum">Whether an Adler-32 follows the data.</param>
internal readonly record struct EwfChunk(long Offset, long Length, EwfChunkKind Kind, bool HasChecksum);
