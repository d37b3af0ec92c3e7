using System.Buffers.Binary;

namespace Imaged.Formats.HfsPlus;

/// <summary>A run of allocation blocks.</summary>
/// <param name="Start">The first one.</param>
/// <param name="Count">How many; 0 for a descriptor that is not used.</param>
internal readonly record struct HfsExtent(uint Start, uint Count)
{
    /// <summary>Descriptors in a record.</summary>
    public const int PerRecord = 8;

    /// <summary>Bytes of a record of descriptors.</summary>
    public const int RecordLength = PerRecord * 8;

    /// <summary>Adds the runs of a record to a list.</summary>
    /// <param name="raw">The record.</param>
    /// <param name="extents">The list.</param>
    /// <returns>Blocks of them.</returns>
    public static long Append(ReadOnlySpan<byte> raw, List<HfsExtent> extents)
    {
        long blocks = 0;
        for (int i = 0; i < PerRecord; i++)
        {
            uint count = BinaryPrimitives.ReadUInt32BigEndian(raw[((8 * i) + 4)..]);
            if (count > 0)
            {
                extents.Add(new(BinaryPrimitives.ReadUInt32BigEndian(raw[(8 * i)..]), count));
                blocks += count;
            }
        }

        return blocks;
    }
}
