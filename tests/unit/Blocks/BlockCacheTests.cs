using Imaged.Blocks;
using Xunit;

namespace Imaged.UnitTests.Blocks;

public sealed class BlockCacheTests
{
    private const int Length = 64;

    [Fact]
    public void Of_many_readers_of_a_missing_block_one_fills_it()
    {
        BlockCache cache = new(1 << 20);
        int owner = cache.NewOwner();
        using Barrier together = new(8);
        int fills = 0;
        Thread[] readers = [.. Enumerable.Range(0, 8).Select(_ => new Thread(() =>
        {
            together.SignalAndWait();
            byte[] bytes = new byte[Length];
            cache.Read(owner, 3, Length, 0, bytes, together, (_, block, destination) =>
            {
                Interlocked.Increment(ref fills);
                destination.Fill((byte)block);
            });
            Assert.All(bytes, value => Assert.Equal(3, value));
        }))];
        Array.ForEach(readers, reader => reader.Start());
        Array.ForEach(readers, reader => reader.Join());
        Assert.Equal(1, fills);
    }

    [Fact]
    public void The_oldest_blocks_go_when_the_bound_is_reached()
    {
        BlockCache cache = new(4 * Length);
        int owner = cache.NewOwner();
        List<long> filled = [];
        void Read(long block) => cache.Read(
            owner, block, Length, 0, new byte[1], filled, static (list, index, _) => list.Add(index));

        for (int block = 0; block < 4; block++)
        {
            Read(block);
        }

        Read(0);
        Read(4);
        Assert.Equal(4 * Length, cache.Bytes);
        filled.Clear();
        Read(0);
        Read(1);
        Assert.Equal([1], filled);
    }

    [Fact]
    public void The_buffer_of_a_long_block_is_the_next_one_s()
    {
        const int Long = 16 << 20;
        BlockCache cache = new(4 << 20);
        int owner = cache.NewOwner();
        byte[] bytes = new byte[1];
        void Read(int block) => cache.Read(owner, block, Long, 0, bytes, 0, static (_, _, _) => { });
        Read(0);
        Read(1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int block = 2; block < 20; block++)
        {
            Read(block);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Long);
    }

    [Fact]
    public void A_block_larger_than_the_cache_is_kept_until_another_is_read()
    {
        BlockCache cache = new(10);
        byte[] bytes = new byte[1];
        int owner = cache.NewOwner();
        List<long> filled = [];
        foreach (long block in new long[] { 7, 7, 8, 7 })
        {
            cache.Read(owner, block, Length, 0, bytes, filled, static (list, index, destination) =>
            {
                list.Add(index);
                destination.Fill((byte)index);
            });
            Assert.Equal(block, bytes[0]);
            Assert.Equal(Length, cache.Bytes);
        }

        Assert.Equal([7, 8, 7], filled);
    }

    [Fact]
    public void A_fill_that_fails_is_told_to_its_reader_and_tried_again_by_the_next()
    {
        BlockCache cache = new(1 << 20);
        int owner = cache.NewOwner();
        byte[] bytes = new byte[1];
        IOException error = Assert.Throws<IOException>(() =>
            cache.Read(owner, 0, Length, 0, bytes, 0, static (_, _, _) => throw new IOException("broken")));
        Assert.Equal("broken", error.Message);
        Assert.Equal(0, cache.Bytes);
        cache.Read(owner, 0, Length, 0, bytes, 0, static (_, _, destination) => destination.Fill(9));
        Assert.Equal(9, bytes[0]);
    }

    [Fact]
    public void Owners_do_not_see_each_others_blocks_and_are_forgotten_alone()
    {
        BlockCache cache = new(1 << 20);
        int first = cache.NewOwner();
        int second = cache.NewOwner();
        byte[] bytes = new byte[1];
        cache.Read(first, 0, Length, 0, bytes, 0, static (_, _, destination) => destination.Fill(1));
        cache.Read(second, 0, Length, 0, bytes, 0, static (_, _, destination) => destination.Fill(2));
        Assert.Equal(2, bytes[0]);
        cache.Forget(first);
        Assert.Equal(Length, cache.Bytes);
        cache.Read(second, 0, Length, 0, bytes, 0, static (_, _, _) => throw new IOException("it is still held"));
        Assert.Equal(2, bytes[0]);
    }

    [Fact]
    public void A_hit_allocates_nothing()
    {
        BlockCache cache = new(1 << 20);
        using CachedSource source = new(new MemorySource(new byte[4096]), cache, 512);
        byte[] bytes = new byte[600];

        // Once before: what the runtime makes of code that is called often is no allocation of a hit.
        long before = 0;
        for (int round = 0; round < 2; round++)
        {
            before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 1000; i++)
            {
                source.Read(i % 400, bytes);
            }
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
