using Imaged.Blocks;

namespace Imaged.Formats.Udf;

/// <summary>Finds the end of what was written to a disc: a file grown to the size of its disc hides it behind
/// zeros.</summary>
internal static class UdfWrittenEnd
{
    /// <summary>Bytes of zeros that are read while a volume is recognised.</summary>
    public const long ProbeLimit = 64 << 20;

    /// <summary>Bytes of zeros that are read where a volume cannot be opened otherwise: more than a CD has.</summary>
    public const long OpenLimit = 1L << 30;

    private const int Chunk = 1 << 20;
    private const long MaxHoleStep = 1L << 40;

    /// <summary>Byte offset behind the last byte that is not zero, rounded up to 2048.</summary>
    /// <param name="volume">The volume.</param>
    /// <param name="limit">Most bytes of zeros to read. Holes cost nothing.</param>
    /// <returns>Where the search ended when there are more zeros.</returns>
    public static long Find(BlockSource volume, long limit)
    {
        byte[] chunk = new byte[Chunk];
        long end = volume.Length;
        long step = Chunk;
        while (end > 0 && limit > 0)
        {
            long count = Math.Min(step, end);
            if (volume.GetExtent(end - count) is { Kind: ExtentKind.Zero } hole && hole.Length >= count)
            {
                end -= count;
                step = Math.Min(step * 2, MaxHoleStep);
                continue;
            }

            if (count > Chunk)
            {
                // Not all of it is a hole; a smaller part of it may be.
                step = Math.Max(count / 2, Chunk);
                continue;
            }

            volume.Read(end - count, chunk.AsSpan(0, (int)count));
            int last = chunk.AsSpan(0, (int)count).LastIndexOfAnyExcept((byte)0);
            if (last >= 0)
            {
                long written = end - count + last + 1;
                return Math.Min(volume.Length, (written + 2047) & ~2047L);
            }

            end -= count;
            limit -= count;
        }

        return end;
    }
}
