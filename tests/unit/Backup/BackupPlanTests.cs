using Imaged.Backup;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.UnitTests.Backup;

/// <summary>What is planned for disks that cannot be looked at as others are, and how disks are cut.</summary>
public sealed class BackupPlanTests
{
    private static readonly byte[] Volume = TreeSamples.Read("ext4.img.xz");

    [Fact]
    public void Used_blocks_are_planned_for_a_volume_that_can_be_read()
    {
        BackupPlan plan = BackupPlan.Of(new MemorySource(Volume), keepGoing: false);
        Assert.Null(Assert.Single(plan.Volumes).Whole);
        Assert.InRange(plan.Used.Sum(range => range.Length), 1, Volume.Length - 1);
        Assert.Equal(plan.Used, plan.Used);
    }

    [Fact]
    public void A_volume_whose_maps_cannot_be_read_is_saved_whole_when_going_on()
    {
        using Source broken = new(isOneWay: false, brokenFrom: 2048);
        Assert.Throws<IOException>(() => BackupPlan.Of(broken, keepGoing: false));
        BackupPlan plan = BackupPlan.Of(broken, keepGoing: true);
        Assert.Contains("a bad sector", Assert.Single(plan.Volumes).Whole, StringComparison.Ordinal);
        Assert.Equal([new BlockRange(0, Volume.Length)], plan.Used);
    }

    [Fact]
    public void A_stream_is_saved_whole_and_not_decoded_to_look_for_maps()
    {
        using Source stream = new(isOneWay: true, brokenFrom: long.MaxValue);
        BackupPlan plan = BackupPlan.Of(stream, keepGoing: false);
        Assert.NotNull(Assert.Single(plan.Volumes).Whole);
        Assert.Equal([new BlockRange(0, Volume.Length)], plan.Used);
        Assert.InRange(stream.Furthest, 0, 1 << 16);
    }

    [Theory]
    [InlineData(1, 18, 1 << 18)]
    [InlineData(1L << 38, 18, 1 << 18)]
    [InlineData((1L << 38) + 1, 19, 1 << 19)]
    [InlineData(1L << 41, 21, 1 << 21)]
    [InlineData((1L << 41) + 1, 21, 1 << 22)]
    [InlineData(1L << 45, 21, 1 << 25)]
    public void A_disk_has_a_million_chunks_at_most(long length, int clusterBits, int chunkSize) =>
        Assert.Equal(new(clusterBits, chunkSize), BackupGeometry.Of(length));

    [Fact]
    public void A_disk_that_would_have_more_is_refused() =>
        Assert.Throws<UnsupportedFeatureException>(() => BackupGeometry.Of((1L << 45) + 1));

    private sealed class Source(bool isOneWay, long brokenFrom) : BlockSource
    {
        public long Furthest { get; private set; }

        public override long Length => Volume.Length;

        public override bool IsOneWay => isOneWay;

        public override void Read(long offset, Span<byte> destination)
        {
            Furthest = Math.Max(Furthest, offset + destination.Length);
            if (offset + destination.Length > brokenFrom)
            {
                throw new IOException("a bad sector");
            }

            Volume.AsSpan((int)offset, destination.Length).CopyTo(destination);
        }
    }
}
