using System.Buffers.Binary;

namespace Imaged.Formats.Hfs;

/// <summary>A run of allocation blocks.</summary>
/// <param name="Start">The first one.</param>
/// <param name="Count">How many.</param>
internal readonly record struct HfsExtent(uint Start, uint Count)
{
    /// <summary>Adds the runs of a record to a list; those of no blocks are not used.</summary>
    /// <param name="raw">The record.</param>
    /// <param name="layout">How long it is.</param>
    /// <param name="extents">The list.</param>
    /// <returns>Blocks of them.</returns>
    public static long Append(ReadOnlySpan<byte> raw, HfsLayout layout, List<HfsExtent> extents)
    {
        long blocks = 0;
        for (int i = 0; i < layout.ExtentsPerRecord; i++)
        {
            uint count = ReadNumber(raw[(((2 * i) + 1) * layout.NumberSize)..], layout);
            if (count > 0)
            {
                extents.Add(new(ReadNumber(raw[(2 * i * layout.NumberSize)..], layout), count));
                blocks += count;
            }
        }

        return blocks;
    }

    /// <summary>Reads the number of a block.</summary>
    public static uint ReadNumber(ReadOnlySpan<byte> raw, HfsLayout layout) => layout.NumberSize == sizeof(ushort)
        ? BinaryPrimitives.ReadUInt16BigEndian(raw)
        : BinaryPrimitives.ReadUInt32BigEndian(raw);
}
