namespace Imaged.Formats.Hfs;

/// <summary>A fork as catalog and volume header describe it.</summary>
/// <param name="Length">Bytes.</param>
/// <param name="Extents">The record with the first extents.</param>
internal readonly record struct HfsFork(ulong Length, byte[] Extents);
