using Imaged.Backup;
using Imaged.Blocks;
using Xunit;

namespace Imaged.UnitTests.Backup;

/// <summary>Pieces of what is used and stored, against a look at every byte.</summary>
public sealed class PieceQueueTests
{
    private const int PieceLength = 64;

    [Fact]
    public void Every_byte_that_is_used_and_stored_is_given_out_once()
    {
        Random random = new(11);
        for (int round = 0; round < 300; round++)
        {
            bool[] stored = Mask(random, 1000);
            bool[] used = Mask(random, 1000);
            bool[] given = new bool[1000];
            PieceQueue queue = new(new Sieve(stored), Ranges(used), PieceLength);
            List<BlockRange> ranges = [];
            long last = -1;
            while (queue.Take(ranges) is var piece and >= 0)
            {
                Assert.True(piece > last);
                last = piece;
                Assert.NotEmpty(ranges);
                foreach (BlockRange range in ranges)
                {
                    Assert.Equal(piece, range.Offset / PieceLength);
                    Assert.Equal(piece, (range.End - 1) / PieceLength);
                    for (long at = range.Offset; at < range.End; at++)
                    {
                        Assert.False(given[at]);
                        given[at] = true;
                    }
                }
            }

            Assert.Equal(stored.Zip(used, (a, b) => a && b), given);
        }
    }

    [Fact]
    public void A_queue_that_is_stopped_gives_nothing_out()
    {
        PieceQueue queue = new(new ZeroSource(0), [], PieceLength);
        Assert.Equal(-1, queue.Take([]));
        queue = new(new MemorySource(new byte[1000]), [new(0, 1000)], PieceLength);
        Assert.Equal(0, queue.Take([]));
        queue.Stop();
        Assert.Equal(-1, queue.Take([]));
    }

    private static bool[] Mask(Random random, int length)
    {
        bool[] mask = new bool[length];
        bool value = false;
        for (int i = 0; i < length; i++)
        {
            value ^= random.Next(20) == 0;
            mask[i] = value;
        }

        return mask;
    }

    private static List<BlockRange> Ranges(bool[] mask) =>
        [.. BlockRange.Join(Enumerable.Range(0, mask.Length).Where(i => mask[i]).Select(i => new BlockRange(i, 1)))];

    /// <summary>Stored where the mask says so.</summary>
    private sealed class Sieve(bool[] stored) : BlockSource
    {
        public override long Length => stored.Length;

        public override void Read(long offset, Span<byte> destination) => destination.Clear();

        public override Extent GetExtent(long offset)
        {
            long end = offset;
            while (end < Length && stored[end] == stored[offset])
            {
                end++;
            }

            return new(offset, end - offset, stored[offset] ? ExtentKind.Data : ExtentKind.Zero);
        }
    }
}
