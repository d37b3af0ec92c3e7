using System.Buffers.Binary;

namespace Imaged.Formats.HfsPlus;

/// <summary>A fork as catalog and volume header describe it (TN1150, "Fork Data Structure").</summary>
/// <param name="Length">Bytes.</param>
/// <param name="Blocks">Allocation blocks of all its extents.</param>
/// <param name="Extents">The record with the first extents.</param>
internal readonly record struct HfsFork(ulong Length, uint Blocks, byte[] Extents)
{
    /// <summary>Bytes of the description.</summary>
    public const int Size = 80;

    /// <summary>Reads one.</summary>
    public static HfsFork Parse(ReadOnlySpan<byte> raw) => new(
        BinaryPrimitives.ReadUInt64BigEndian(raw),
        BinaryPrimitives.ReadUInt32BigEndian(raw[12..]),
        raw.Slice(16, HfsExtent.RecordLength).ToArray());
}
