using System.Buffers.Binary;

namespace Imaged.Formats.Optical.Cso;

/// <summary>The header of a CSO or ZSO image: 24 bytes, little-endian.</summary>
/// <param name="IsLz4">Whether this is ZSO, which has LZ4 in the place of deflate.</param>
/// <param name="ImageLength">Bytes of the image.</param>
/// <param name="BlockLength">Bytes of a block: a multiple of 512, at most 16 MiB.</param>
/// <param name="Version">0 to 2.</param>
/// <param name="Shift">Offsets are in units of 2 to the power of this many bytes; at most 20.</param>
internal readonly record struct CsoHeader(bool IsLz4, long ImageLength, int BlockLength, int Version, int Shift)
{
    /// <summary>Its bytes.</summary>
    public const int Length = 24;

    private const int MaxBlockLength = 16 << 20;
    private const int MaxBlocks = 1 << 24;
    private const int MaxShift = 20;

    /// <summary>Number of blocks, at most 2^24.</summary>
    public int BlockCount => (int)((ImageLength + BlockLength - 1) / BlockLength);

    /// <summary>Parses a header. Images of GameCube discs have the same signature, but no length there.</summary>
    /// <returns>False when this is none.</returns>
    public static bool TryParse(ReadOnlySpan<byte> raw, out CsoHeader header)
    {
        header = default;
        if (raw.Length < Length || !(raw.StartsWith("CISO"u8) || raw.StartsWith("ZISO"u8)))
        {
            return false;
        }

        long length = BinaryPrimitives.ReadInt64LittleEndian(raw[8..]);
        uint block = BinaryPrimitives.ReadUInt32LittleEndian(raw[16..]);
        if (block is 0 or > MaxBlockLength || block % 512 != 0 || raw[20] > 2 || raw[21] > MaxShift
            || length is <= 0 or > (1L << 46) || (length + block - 1) / block > MaxBlocks)
        {
            return false;
        }

        header = new(raw[0] == 'Z', length, (int)block, raw[20], raw[21]);
        return true;
    }
}
