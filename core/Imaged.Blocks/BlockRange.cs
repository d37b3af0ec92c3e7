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

    /// <summary>What lies in one or more of the ranges, which may overlap, ascending.</summary>
    public static IReadOnlyList<BlockRange> Union(IEnumerable<BlockRange> ranges)
    {
        List<BlockRange> union = [];
        foreach (BlockRange range in ranges.Where(range => range.Length > 0).OrderBy(range => range.Offset))
        {
            if (union.Count > 0 && union[^1].End >= range.Offset)
            {
                long end = Math.Max(union[^1].End, range.End);
                union[^1] = union[^1] with { Length = end - union[^1].Offset };
            }
            else
            {
                union.Add(range);
            }
        }

        return union;
    }

    /// <summary>What of the ranges lies in none of some others. Both are ascending, without overlaps; the first ones
    /// are listed as the result is.</summary>
    public static IEnumerable<BlockRange> Except(IEnumerable<BlockRange> ranges, IReadOnlyList<BlockRange> others)
    {
        int next = 0;
        foreach (BlockRange range in ranges)
        {
            long begin = range.Offset;
            while (next < others.Count && others[next].End <= begin)
            {
                next++;
            }

            for (int i = next; i < others.Count && others[i].Offset < range.End; i++)
            {
                if (others[i].Offset > begin)
                {
                    yield return new(begin, others[i].Offset - begin);
                }

                begin = others[i].End;
            }

            if (begin < range.End)
            {
                yield return new(begin, range.End - begin);
            }
        }
    }
}
