using CsCheck;
using Imaged.Blocks;
using Xunit;

namespace Imaged.UnitTests.Blocks;

public sealed class BlockSetTests
{
    // Four pages of blocks of 512 bytes, and a last one that is cut off in the middle of a block.
    private const int Length = (4 * 32768 * 512) + 12345;

    private static readonly Gen<(bool IsMarked, int Offset, int Length)> Change = Gen.Select(
        Gen.Bool,
        Gen.OneOf(Gen.Int[0, Length], Gen.Int[0, 5].Select(page => Math.Min(page * 32768 * 512, Length))),
        Gen.OneOf(Gen.Int[0, 5000], Gen.Int[0, 40_000_000], Gen.Int[1, 3].Select(pages => pages * 32768 * 512)),
        (isMarked, offset, length) => (isMarked, offset, Math.Min(length, Length - offset)));

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    [InlineData(1 << 26)]
    public void It_is_what_an_array_of_flags_would_be(int blockSize) =>
        Change.Array[0, 40].Sample(
            changes =>
            {
                BlockSet set = new(Length, blockSize);
                bool[] model = new bool[(Length + blockSize - 1) / blockSize];
                foreach ((bool isMarked, int offset, int length) in changes)
                {
                    Apply(model, blockSize, isMarked, offset, length);
                    if (isMarked)
                    {
                        set.Mark(offset, length);
                    }
                    else
                    {
                        set.Free(offset, length);
                    }
                }

                BlockRange[] expected = RangesOf(model, blockSize);
                Assert.Equal(expected, set.Ranges());
                Assert.Equal(expected.Sum(range => range.Length), set.Count);
                foreach ((_, int offset, int length) in changes)
                {
                    bool isInside = length == 0
                        || expected.Any(range => range.Offset <= offset && offset + length <= range.End);
                    Assert.Equal(isInside, set.Contains(offset, length));
                }
            },
            iter: 300,
            threads: 1);

    [Fact]
    public void The_largest_volume_has_blocks_so_large_that_the_bitmap_stays_bounded()
    {
        BlockSet set = new(long.MaxValue);
        Assert.Equal(1L << 34, set.BlockSize);
        set.Mark(0, long.MaxValue);
        Assert.Equal(long.MaxValue, set.Count);
        set.Free((1L << 34) - 1, 3L << 34);
        Assert.Equal([new(0, 1L << 34), new(3L << 34, long.MaxValue - (3L << 34))], set.Ranges());
    }

    [Fact]
    public void Pages_in_one_state_cost_nothing()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        BlockSet set = new(1L << 38);
        set.Mark(0, 1L << 38);
        for (long page = 0; page < 1000; page++)
        {
            set.Free(page << 24, 1 << 24);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 300_000);
        Assert.Equal([new BlockRange(1000L << 24, (1L << 38) - (1000L << 24))], set.Ranges());
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(0, -1)]
    [InlineData(1000, 25)]
    [InlineData(long.MaxValue, 1)]
    public void What_is_outside_the_volume_is_refused(long offset, long length)
    {
        BlockSet set = new(1024);
        Assert.Throws<ArgumentOutOfRangeException>(() => set.Mark(offset, length));
        Assert.Throws<ArgumentOutOfRangeException>(() => set.Free(offset, length));
        Assert.Throws<ArgumentOutOfRangeException>(() => set.Contains(offset, length));
    }

    [Fact]
    public void An_empty_volume_has_no_ranges() => Assert.Empty(new BlockSet(0).Ranges());

    private static void Apply(bool[] model, int blockSize, bool isMarked, int offset, int length)
    {
        for (int block = offset / blockSize; block < model.Length && (long)block * blockSize < offset + length; block++)
        {
            bool isWhole = (long)block * blockSize >= offset
                && Math.Min(((long)block + 1) * blockSize, Length) <= offset + length;
            if (isMarked ? length > 0 : isWhole)
            {
                model[block] = isMarked;
            }
        }
    }

    private static BlockRange[] RangesOf(bool[] model, int blockSize)
    {
        List<BlockRange> ranges = [];
        for (int block = 0; block < model.Length; block++)
        {
            long offset = (long)block * blockSize;
            long end = Math.Min(offset + blockSize, Length);
            if (model[block] && ranges.Count > 0 && ranges[^1].End == offset)
            {
                ranges[^1] = ranges[^1] with { Length = end - ranges[^1].Offset };
            }
            else if (model[block])
            {
                ranges.Add(new(offset, end - offset));
            }
        }

        return [.. ranges];
    }
}
