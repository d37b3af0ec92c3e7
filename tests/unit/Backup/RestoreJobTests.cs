using Imaged.Backup;
using Imaged.Blocks;
using Xunit;

namespace Imaged.UnitTests.Backup;

/// <summary>What is written to a disk, when, and whether faults are noticed.</summary>
public sealed class RestoreJobTests
{
    private const int Mebibyte = 1 << 20;

    private static readonly BlockRange[] Used = [new(0, 5000), new(2 * Mebibyte, 700_000), new(4_500_001, 4096)];

    [Fact]
    public void Used_bytes_are_written_the_head_last_and_others_left()
    {
        byte[] disk = Disk();
        Medium medium = new(6 * Mebibyte);
        Assert.Empty(Restore(new MemorySource(disk), medium));
        foreach (BlockRange range in Used)
        {
            Assert.True(medium.Bytes.AsSpan((int)range.Offset, (int)range.Length)
                .SequenceEqual(disk.AsSpan((int)range.Offset, (int)range.Length)));
        }

        Assert.Equal(0xEE, medium.Bytes[3 * Mebibyte + 512 * 1024]); // not used, not written
        Assert.Equal(0, medium.Writes[^1].Offset);
        Assert.All(medium.Writes.SkipLast(1), write => Assert.True(write.Offset >= Mebibyte));
        Assert.True(medium.IsFlushedBeforeHead);
        Assert.Equal([new(Mebibyte, Mebibyte), new(2 * Mebibyte + 700_000, 4_500_001 - 2 * Mebibyte - 700_000)],
            medium.Discards);
    }

    [Fact]
    public void A_medium_that_keeps_something_else_is_noticed()
    {
        Medium medium = new(6 * Mebibyte) { FlippedAt = 2 * Mebibyte + 9 };
        BlockRange bad = Assert.Single(Restore(new MemorySource(Disk()), medium));
        Assert.Equal(2 * Mebibyte, bad.Offset);
    }

    [Fact]
    public void Zeros_that_the_source_knows_of_are_zero_and_looked_at()
    {
        ConcatSource source = new(
            [new MemorySource(Disk().AsMemory(0, 2 * Mebibyte)), new ZeroSource(3 * Mebibyte)], ownsParts: true);
        Medium medium = new(6 * Mebibyte);
        Assert.Empty(Restore(source, medium));
        Assert.False(medium.Bytes.AsSpan(2 * Mebibyte, 700_000).ContainsAnyExcept((byte)0));
        Assert.Equal(0xEE, medium.Bytes[2 * Mebibyte + 700_000 + 4096]);

        Medium faulty = new(6 * Mebibyte) { FlippedAt = 2 * Mebibyte + 9 };
        Assert.NotEmpty(Restore(source, faulty));
    }

    [Fact]
    public void A_source_that_fails_leaves_a_head_of_zeros()
    {
        Medium medium = new(6 * Mebibyte);
        using BrokenSource source = new(Disk(), 4_500_001);
        Assert.Throws<IOException>(() => Restore(source, medium));
        Assert.False(medium.Bytes.AsSpan(0, Mebibyte).ContainsAnyExcept((byte)0));
    }

    private static byte[] Disk()
    {
        byte[] disk = new byte[5 * Mebibyte];
        new Random(5).NextBytes(disk);
        return disk;
    }

    private static IReadOnlyList<BlockRange> Restore(BlockSource source, Medium medium)
    {
        TargetResult result = Assert.Single(Restore(source, [new(medium, [])]));
        Assert.Null(result.Failure);
        return result.Bad;
    }

    private static IReadOnlyList<TargetResult> Restore(BlockSource source, params TargetDisk[] targets) =>
        new RestoreJob(new(source, Used, targets), new ProgressMeter(_ => { })).Run();

    private sealed class BrokenSource(byte[] disk, long at) : BlockSource
    {
        public override long Length => disk.Length;

        public override void Read(long offset, Span<byte> destination)
        {
            if (offset <= at && at < offset + destination.Length)
            {
                throw new IOException("a bad sector");
            }

            disk.AsSpan((int)offset, destination.Length).CopyTo(destination);
        }
    }
}
