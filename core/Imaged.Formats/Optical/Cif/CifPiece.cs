namespace Imaged.Formats.Optical.Cif;

/// <summary>Where the data of a track are.</summary>
/// <param name="Offset">Byte offset.</param>
/// <param name="Length">Bytes.</param>
internal readonly record struct CifPiece(long Offset, long Length);
