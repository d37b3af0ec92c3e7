using System.Buffers.Binary;
using System.Numerics;

namespace Imaged.Formats.Codecs;

/// <summary>CRC-32C (Castagnoli, RFC 3720 appendix B.4).</summary>
internal static class Crc32C
{
    /// <summary>Goes on with a checksum; the inversions at both ends are the caller's.</summary>
    public static uint Append(uint seed, ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= 8)
        {
            seed = BitOperations.Crc32C(seed, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[8..];
        }

        foreach (byte value in bytes)
        {
            seed = BitOperations.Crc32C(seed, value);
        }

        return seed;
    }

    /// <summary>The checksum of a structure that holds its own checksum, which counts as zero.</summary>
    /// <param name="bytes">The structure.</param>
    /// <param name="field">Byte offset of the four bytes of the checksum in it.</param>
    public static uint OfStructure(ReadOnlySpan<byte> bytes, int field)
    {
        uint crc = Append(uint.MaxValue, bytes[..field]);
        crc = Append(crc, [0, 0, 0, 0]);
        return ~Append(crc, bytes[(field + 4)..]);
    }
}
