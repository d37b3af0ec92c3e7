using System.Buffers.Binary;

namespace Imaged.Formats.Apfs;

/// <summary>The checksum of objects: Fletcher's, 64 bits (Apple File System Reference, "Objects").</summary>
internal static class ApfsChecksum
{
    private const ulong Modulus = uint.MaxValue;

    // So many words can be added before a sum may overflow.
    private const int Batch = 1024;

    /// <summary>Whether an object's first eight bytes are the checksum of the others.</summary>
    /// <param name="block">The object; a multiple of 4 bytes.</param>
    public static bool IsValid(ReadOnlySpan<byte> block)
    {
        ulong low = 0;
        ulong high = 0;
        ReadOnlySpan<byte> rest = block[8..];
        unchecked
        {
            while (!rest.IsEmpty)
            {
                int count = Math.Min(rest.Length / sizeof(uint), Batch);
                for (int i = 0; i < count; i++)
                {
                    low += BinaryPrimitives.ReadUInt32LittleEndian(rest[(i * sizeof(uint))..]);
                    high += low;
                }

                low %= Modulus;
                high %= Modulus;
                rest = rest[(count * sizeof(uint))..];
            }

            ulong first = Modulus - ((low + high) % Modulus);
            ulong second = Modulus - ((low + first) % Modulus);
            return BinaryPrimitives.ReadUInt64LittleEndian(block) == ((second << 32) | first);
        }
    }
}
