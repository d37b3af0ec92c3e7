namespace Imaged.Blocks;

/// <summary>A run of bytes.</summary>
/// <param name="Offset">Byte offset of its first byte.</param>
/// <param name="Length">Length in bytes.</param>
public readonly record struct BlockRange(long Offset, long Length)
{
    /// <summary>Byte offset just behind the range.</summary>
    public long End => Offset + Length;

    /// <summary>The same ranges ascending, with those joined that touch each other.</summary>
    public static IReadOnlyList<BlockRange> Join(IEnumerable<BlockRange> ranges)
    {
        List<BlockRange> joined = [];
        foreach (BlockRange range in ranges.OrderBy(range => range.Offset))
        {
            if (joined.Count > 0 && joined[^1].End == range.Offset)
            {
                joined[^1] = joined[^1] with { Length = joined[^1].Length + range.Length };
            }
            else
            {
                joined.Add(range);
            }
        }

        return joined;
    }
}
