using Imaged.Blocks;
using Xunit;

namespace Imaged.UnitTests.Blocks;

public sealed class ReadAheadTests
{
    private const int ChunkLength = 64 << 10;
    private const int ChunkCount = 256;
    private const int CacheLength = ChunkCount * ChunkLength;

    // Chunks that are read before something is decoded ahead of them.
    private const int First = 4;

    [Fact]
    public void What_follows_sequential_reads_is_decoded_before_it_is_read()
    {
        BlockCache cache = new(CacheLength);
        using Counting source = new(cache);
        using ReadAhead ahead = new(cache, 2);
        ReadAll(source, First, ChunkLength);
        source.WaitUntil(() => source.Decoded[4] == 1 && source.Decoded[5] == 1);
        Assert.Contains(4, source.DecodedAhead);
    }

    [Theory]
    [InlineData(4 << 10)]
    [InlineData(ChunkLength)]
    [InlineData(100_000)]
    [InlineData(1 << 20)]
    public void No_chunk_is_decoded_twice(int readLength)
    {
        BlockCache cache = new(CacheLength);
        using Counting source = new(cache);
        using (ReadAhead ahead = new(cache, 3))
        {
            ReadAll(source, ChunkCount, readLength);
        }

        Assert.All(source.Decoded, count => Assert.Equal(1, count));
    }

    [Fact]
    public void Threads_that_share_a_sequential_read_do_not_decode_a_chunk_twice()
    {
        const int Length = 1 << 20;
        BlockCache cache = new(CacheLength);
        using Counting source = new(cache);
        using (ReadAhead ahead = new(cache, 2))
        {
            long next = -Length;
            Thread[] readers = [.. Enumerable.Range(0, 3).Select(_ => new Thread(() =>
            {
                byte[] bytes = new byte[Length];
                for (long offset; (offset = Interlocked.Add(ref next, Length)) < source.Length;)
                {
                    source.Read(offset, bytes);
                    Assert.True(IsRight(offset, bytes));
                }
            }))];
            Array.ForEach(readers, reader => reader.Start());
            Array.ForEach(readers, reader => reader.Join());
        }

        Assert.All(source.Decoded, count => Assert.Equal(1, count));
    }

    [Fact]
    public void What_was_read_whole_ahead_is_not_kept()
    {
        BlockCache cache = new(CacheLength);
        using Counting source = new(cache);
        using (ReadAhead ahead = new(cache, 2))
        {
            ReadAll(source, ChunkCount, 1 << 20);
        }

        Assert.Equal(0, cache.Bytes);
        Assert.Equal(0, cache.BytesAhead);
    }

    [Fact]
    public void Nothing_is_decoded_ahead_of_random_reads()
    {
        BlockCache cache = new(CacheLength);
        using Counting source = new(cache);
        HashSet<long> read = [];
        using (ReadAhead ahead = new(cache, 2))
        {
            Random random = new(1);
            byte[] bytes = new byte[4096];
            for (int i = 0; i < 200; i++)
            {
                // No two of them touch.
                long offset = random.Next(ChunkCount * 8) * 2L * bytes.Length;
                source.Read(offset, bytes);
                read.Add(offset / ChunkLength);
            }
        }

        Assert.Empty(source.DecodedAhead);
        Assert.All(read, chunk => Assert.Equal(1, source.Decoded[chunk]));
    }

    [Fact]
    public void Nothing_is_decoded_ahead_of_reads_that_go_backwards()
    {
        BlockCache cache = new(CacheLength);
        using Counting source = new(cache);
        using (ReadAhead ahead = new(cache, 2))
        {
            byte[] bytes = new byte[ChunkLength];
            for (long offset = source.Length - bytes.Length; offset >= 0; offset -= bytes.Length)
            {
                source.Read(offset, bytes);
            }
        }

        Assert.Empty(source.DecodedAhead);
    }

    [Fact]
    public void Damage_is_told_to_whoever_reads_it_and_to_nobody_else()
    {
        BlockCache cache = new(CacheLength);
        using Counting source = new(cache) { Damaged = 20 };
        using ReadAhead ahead = new(cache, 2);
        ReadAll(source, 20, ChunkLength);
        source.WaitUntil(() => source.Decoded[21] == 1);
        byte[] bytes = new byte[ChunkLength];
        Assert.Equal("broken", Assert.Throws<IOException>(() => source.Read(20 * ChunkLength, bytes)).Message);
        source.Read(21 * ChunkLength, bytes);
        Assert.Equal(1, source.Decoded[21]);
    }

    [Fact]
    public void A_reader_does_not_wait_for_what_nobody_has_begun()
    {
        BlockCache cache = new(CacheLength);
        using Counting source = new(cache);
        using (ReadAhead ahead = new(cache, 1))
        {
            using Gate gate = new(First);
            source.OnAhead = gate.Pass;
            ReadAll(source, First, ChunkLength);
            source.WaitUntil(() => source.Decoded[First] == 1);
            ReadAll(source, First + 2, ChunkLength, from: First + 1);
            Assert.Equal(1, source.Decoded[First + 1]);
            Assert.DoesNotContain(First + 1, source.DecodedAhead);
        }

        Assert.All(source.Decoded, count => Assert.InRange(count, 0, 1));
    }

    [Fact]
    public void A_source_is_not_disposed_while_it_decodes_ahead()
    {
        BlockCache cache = new(CacheLength);
        Counting source = new(cache);
        using ReadAhead ahead = new(cache, 1);
        using Gate gate = new(First);
        source.OnAhead = gate.Pass;
        ReadAll(source, First, ChunkLength);
        source.WaitUntil(() => source.Decoded[First] == 1);

        Thread disposer = new(source.Dispose);
        disposer.Start();
        SpinWait.SpinUntil(() => !disposer.IsAlive || disposer.ThreadState.HasFlag(ThreadState.WaitSleepJoin));
        Assert.True(disposer.IsAlive);
        gate.Open();
        disposer.Join();
        Assert.Equal(First, source.DecodedAhead[^1]);
        Assert.Equal(0, cache.BytesAhead);
        Assert.Equal(0, cache.Bytes);
    }

    [Fact]
    public void When_it_ends_nothing_is_promised_any_more()
    {
        BlockCache cache = new(CacheLength);
        using Counting source = new(cache);
        using ReadAhead ahead = new(cache, 1);
        using Gate gate = new(First);
        source.OnAhead = gate.Pass;
        ReadAll(source, First, ChunkLength);
        source.WaitUntil(() => source.Decoded[First] == 1);
        gate.Open();
        ahead.Dispose();
        ReadAll(source, ChunkCount, ChunkLength);
        Assert.All(source.Decoded, count => Assert.InRange(count, 1, 2));
        Assert.Equal(0, cache.BytesAhead);
    }

    [Fact]
    public void However_long_the_chunks_are_what_waits_is_bounded()
    {
        const int Long = 14 << 20;
        const int Read = 3;
        BlockCache cache = new(2 * Long);
        using Counting source = new(cache, Long, 32);
        using ReadAhead ahead = new(cache, 2);
        using Gate gate = new(Read);
        source.OnAhead = gate.Pass;
        byte[] bytes = new byte[1 << 20];
        long most = 0;
        for (long offset = 0; offset < (long)Read * Long; offset += bytes.Length)
        {
            source.Read(offset, bytes);
            most = Math.Max(most, cache.BytesAhead);
        }

        Assert.InRange(most, Long, ReadAhead.MaxBytes);
    }

    [Fact]
    public void Sequential_reads_of_what_is_held_allocate_nothing()
    {
        BlockCache cache = new(CacheLength);
        using Counting source = new(cache);
        using ReadAhead ahead = new(cache, 2);
        byte[] bytes = new byte[4096];
        void ReadOver()
        {
            for (long offset = 0; offset < source.Length; offset += bytes.Length)
            {
                source.Read(offset, bytes);
            }
        }

        ReadOver();
        long before = GC.GetAllocatedBytesForCurrentThread();
        ReadOver();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Of_two_reads_that_follow_each_other_the_second_may_come_first()
    {
        const int Length = 1 << 20;
        ReadRuns runs = new();
        Assert.False(runs.Continue(Length, Length, true, out _));
        Assert.False(runs.Continue(0, Length, true, out _));
        Assert.True(runs.Continue(2 * Length, Length, true, out ReadRuns.Plan plan));
        Assert.Equal(3 * Length, plan.Begin);
        Assert.Equal(3 * Length, plan.Length);
    }

    [Fact]
    public void What_has_been_planned_is_not_planned_again()
    {
        const int Length = 1 << 20;
        ReadRuns runs = new();
        Assert.False(runs.Continue(0, Length, true, out _));
        Assert.True(runs.Continue(Length, Length, true, out ReadRuns.Plan plan));
        Assert.False(runs.Continue(2 * Length, Length, true, out _));
        runs.Finish(plan, 8 * Length);
        Assert.True(runs.Continue(3 * Length, Length, true, out plan));
        Assert.Equal(8 * Length, plan.Begin);
    }

    private static void ReadAll(Counting source, int chunks, int readLength, int from = 0)
    {
        long end = Math.Min(source.Length, (long)chunks * ChunkLength);
        byte[] bytes = new byte[readLength];
        for (long offset = (long)from * ChunkLength; offset < end; offset += bytes.Length)
        {
            Span<byte> part = bytes.AsSpan(0, (int)Math.Min(bytes.Length, end - offset));
            source.Read(offset, part);
            Assert.True(IsRight(offset, part));
        }
    }

    private static bool IsRight(long offset, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int count = (int)Math.Min(bytes.Length, ChunkLength - (offset % ChunkLength));
            if (bytes[..count].ContainsAnyExcept((byte)(offset / ChunkLength)))
            {
                return false;
            }

            bytes = bytes[count..];
            offset += count;
        }

        return true;
    }

    // Holds up those who decode ahead, but for the chunks that the test reads itself. Open at the end, whatever comes
    // of the test: else nobody could end them.
    private sealed class Gate(int first) : IDisposable
    {
        private readonly object _lock = new();
        private bool _isOpen;

        public void Pass(long chunk)
        {
            lock (_lock)
            {
                while (chunk >= first && !_isOpen)
                {
                    Monitor.Wait(_lock);
                }
            }
        }

        public void Open()
        {
            lock (_lock)
            {
                _isOpen = true;
                Monitor.PulseAll(_lock);
            }
        }

        public void Dispose() => Open();
    }

    // Chunks of one length, each full of its own number; counts how often each was decoded, and for whom.
    private sealed class Counting(BlockCache cache, int chunkLength = ChunkLength, int count = ChunkCount)
        : ChunkedSource(cache)
    {
        private readonly object _lock = new();
        private readonly Thread _reader = Thread.CurrentThread;
        private readonly List<long> _ahead = [];

        public int[] Decoded { get; } = new int[count];

        public long Damaged { get; init; } = -1;

        public Action<long>? OnAhead { get; set; }

        public override long Length => (long)chunkLength * count;

        public long[] DecodedAhead
        {
            get
            {
                lock (_lock)
                {
                    return [.. _ahead];
                }
            }
        }

        public void WaitUntil(Func<bool> condition)
        {
            lock (_lock)
            {
                while (!condition())
                {
                    Monitor.Wait(_lock);
                }
            }
        }

        protected override Chunk GetChunk(long offset)
        {
            long index = offset / chunkLength;
            return Chunk.Encoded(index, index * chunkLength, chunkLength);
        }

        protected override void Decode(in Chunk chunk, Span<byte> destination)
        {
            lock (_lock)
            {
                Decoded[chunk.Index]++;
                if (Thread.CurrentThread.Name?.StartsWith("ahead-", StringComparison.Ordinal) == true)
                {
                    _ahead.Add(chunk.Index);
                }

                Monitor.PulseAll(_lock);
            }

            if (Thread.CurrentThread != _reader && Thread.CurrentThread.Name is not null)
            {
                OnAhead?.Invoke(chunk.Index);
            }

            if (chunk.Index == Damaged)
            {
                throw new IOException("broken");
            }

            destination.Fill((byte)chunk.Index);
        }
    }
}
