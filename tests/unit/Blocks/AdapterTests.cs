using System.Diagnostics;
using CsCheck;
using Imaged.Blocks;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.UnitTests.Blocks;

/// <summary>Adapters against the same thing done with arrays.</summary>
public sealed class AdapterTests
{
    private static readonly Gen<byte[]> Bytes = Gen.Byte.Array[0, 600];
    private static readonly Gen<int> Number = Gen.Int[0, 600];

    [Fact]
    public void A_slice_of_a_slice_is_the_slice_of_the_sum() =>
        Gen.Select(Bytes, Number, Number, Number, Number).Sample((bytes, a, b, c, d) =>
        {
            (int offset, int length) = Fit(a, b, bytes.Length);
            (int innerOffset, int innerLength) = Fit(c, d, length);
            using SliceSource slice = new(new MemorySource(bytes), offset, length);
            using SliceSource inner = new(slice, innerOffset, innerLength);
            byte[] expected = bytes[(offset + innerOffset)..(offset + innerOffset + innerLength)];
            Assert.Equal(expected, inner.ReadBytes(0, innerLength));
            SourceContract.ExtentsTile(inner);
        });

    [Fact]
    public void A_cached_source_reads_as_the_source_itself_whatever_fits_into_the_cache() =>
        Gen.Select(Bytes, Gen.Int[1, 90], Gen.Int[0, 300], Gen.Select(Gen.Int[0, 600], Gen.Int[0, 600]).Array[1, 20])
            .Sample((bytes, blockSize, capacity, reads) =>
            {
                BlockCache cache = new(capacity);
                using CachedSource source = new(new MemorySource(bytes), cache, blockSize);
                foreach ((int a, int b) in reads)
                {
                    (int offset, int length) = Fit(a, b, bytes.Length);
                    Assert.Equal(bytes[offset..(offset + length)], source.ReadBytes(offset, length));
                    Assert.InRange(cache.Bytes, 0, Math.Max(capacity, blockSize));
                }
            });

    [Fact]
    public void An_overlay_reads_below_where_the_upper_stores_nothing_and_zeros_behind_the_end_of_the_lower() =>
        Gen.Select(Bytes, Bytes, Gen.Bool.Array[0, 20], Gen.Int[0, 600], Gen.Int[0, 600])
            .Sample((upper, lower, map, a, b) =>
            {
                byte[] expected = [.. upper.Select((value, i) =>
                    Patchy.IsStored(map, i) ? value : i < lower.Length ? lower[i] : (byte)0)];
                using OverlaySource source = new(new Patchy(upper, map), new MemorySource(lower));
                (int offset, int length) = Fit(a, b, upper.Length);
                Assert.Equal(expected[offset..(offset + length)], source.ReadBytes(offset, length));
                SourceContract.ExtentsTile(source);
            });

    [Fact]
    public void Joined_extents_tile_the_whole() =>
        Bytes.Array[0, 6].Sample(parts =>
        {
            using ConcatSource source = new(parts.Select(part => new MemorySource(part)), ownsParts: true);
            SourceContract.ExtentsTile(source);
        });

    [Fact]
    public void Clipping_an_extent_moves_its_place_on_the_host_along() =>
        Gen.Select(Gen.Long[0, 1000], Gen.Long[1, 1000], Gen.Long[0, 2000], Gen.Long[1, 2000], Gen.Long[0, 5000])
            .Where((offset, length, from, count, _) => from < offset + length && from + count > offset)
            .Sample((offset, length, from, count, host) =>
            {
                Extent clipped = new Extent(offset, length, ExtentKind.Data, new HostRange(0, host)).Clip(from, count);
                Assert.Equal(Math.Max(offset, from), clipped.Offset);
                Assert.Equal(Math.Min(offset + length, from + count), clipped.End);
                Assert.Equal(clipped.Offset - offset, clipped.Host!.Value.Offset - host);
            });

    [Fact]
    public void Ranges_outside_are_refused_without_reading()
    {
        BlockSource[] sources =
        [
            new MemorySource(new byte[100]),
            new ZeroSource(100),
            new SliceSource(new MemorySource(new byte[200]), 50, 100),
            new ConcatSource([new MemorySource(new byte[40]), new MemorySource(new byte[60])], ownsParts: true),
            new CachedSource(new MemorySource(new byte[100]), new BlockCache(1000), 32),
            new OverlaySource(new MemorySource(new byte[100]), new ZeroSource(10)),
        ];
        foreach (BlockSource source in sources)
        {
            foreach ((long offset, int count) in new[] { (-1L, 1), (100L, 1), (99L, 2), (long.MaxValue, 1), (0L, 101) })
            {
                Assert.ThrowsAny<ArgumentOutOfRangeException>(() => source.Read(offset, new byte[count]));
            }

            Assert.ThrowsAny<ArgumentOutOfRangeException>(() => source.GetExtent(100));
            Assert.Equal(0, source.ReadUpTo(100, new byte[10]));
            Assert.Equal(5, source.ReadUpTo(95, new byte[10]));
            source.Dispose();
        }
    }

    private static (int Offset, int Length) Fit(int a, int b, int length)
    {
        int offset = length == 0 ? 0 : a % length;
        return (offset, length == offset ? 0 : b % (length - offset + 1));
    }

    // Stores runs of 32 bytes or not, as a map says.
    [Fact]
    public void A_paced_source_reads_the_same_and_takes_its_time()
    {
        byte[] bytes = [.. Enumerable.Range(0, 3000).Select(i => (byte)i)];
        using MemorySource inner = new(bytes);
        using PacedSource source = new(inner, rate: 20_000);
        byte[] read = new byte[1000];
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < 3; i++)
        {
            source.Read(i * 1000, read);
            Assert.Equal(bytes[(i * 1000)..((i + 1) * 1000)], read);
        }

        // The first thousand is free, each later one waits for the twentieth of a second that the one before takes.
        Assert.True(Stopwatch.GetElapsedTime(start).TotalSeconds > 0.09);
        Assert.Equal(inner.GetExtent(5), source.GetExtent(5));
    }

    private sealed class Patchy : BlockSource
    {
        private const int Run = 32;
        private readonly byte[] _bytes;
        private readonly bool[] _map;

        public Patchy(byte[] bytes, bool[] map)
        {
            _bytes = bytes;
            _map = map;
        }

        public override long Length => _bytes.Length;

        public static bool IsStored(bool[] map, int offset) => offset / Run < map.Length && map[offset / Run];

        public override void Read(long offset, Span<byte> destination)
        {
            CheckRange(offset, destination.Length);
            for (int i = 0; i < destination.Length; i++)
            {
                destination[i] = IsStored(_map, (int)offset + i) ? _bytes[offset + i] : (byte)0;
            }
        }

        public override Extent GetExtent(long offset)
        {
            CheckOffset(offset);
            long end = Math.Min(Length, ((offset / Run) + 1) * Run);
            bool stored = IsStored(_map, (int)offset);
            return new(offset, end - offset, stored ? ExtentKind.Data : ExtentKind.Unallocated);
        }
    }
}
