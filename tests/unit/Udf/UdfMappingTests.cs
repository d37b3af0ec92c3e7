using Imaged.Blocks;
using Imaged.Formats.Udf;
using Xunit;

namespace Imaged.UnitTests.Udf;

/// <summary>How partitions map blocks, and files runs.</summary>
public class UdfMappingTests
{
    [Fact]
    public void Runs_of_a_sparable_partition_end_at_replaced_packets()
    {
        UdfSparablePartition partition = new(1000, 32, [64, 128], [9000, 9500]);
        Assert.Equal((1000, 64u), Map(partition, 0));
        Assert.Equal((1063, 1u), Map(partition, 63));
        Assert.Equal((9000, 32u), Map(partition, 64));
        Assert.Equal((9031, 1u), Map(partition, 95));
        Assert.Equal((1096, 32u), Map(partition, 96));
        Assert.Equal((9510, 22u), Map(partition, 138));
        Assert.Equal((1160L, uint.MaxValue - 160), Map(partition, 160));
    }

    [Fact]
    public void Virtual_blocks_follow_the_table_and_join_where_it_does()
    {
        UdfVirtualPartition partition = new(new UdfPhysicalPartition(100), [7, 8, 9, 3, 0xffffffff, 4]);
        Assert.Equal((107, 3u), Map(partition, 0));
        Assert.Equal((109, 1u), Map(partition, 2));
        Assert.Equal((103, 1u), Map(partition, 3));
        Assert.False(partition.TryMap(4, out _, out _));
        Assert.Equal((104, 1u), Map(partition, 5));
        Assert.False(partition.TryMap(6, out _, out _));
    }

    [Fact]
    public void Metadata_blocks_follow_the_file()
    {
        UdfRunList.Builder file = new(5 * 2048);
        file.Add(2 * 2048, 0, 50 * 2048);
        file.Add(2048, 0, -1);
        file.Add(2 * 2048, 0, 70 * 2048);
        UdfMetadataPartition partition = new(new UdfPhysicalPartition(100), 2048, file.Build(), null);
        Assert.Equal((150, 2u), Map(partition, 0));
        Assert.Equal((151, 1u), Map(partition, 1));
        Assert.False(partition.TryMap(2, out _, out _));
        Assert.Equal((171, 1u), Map(partition, 4));
        Assert.False(partition.TryMap(5, out _, out _));
    }

    [Fact]
    public void Runs_join_are_clipped_and_end_in_zeros()
    {
        UdfRunList.Builder file = new(10000);
        file.Add(2048, 0, 4096);
        file.Add(2048, 0, 6144);
        file.Add(2048, 1, 8192);
        UdfRunList runs = file.Build();
        Assert.Equal(new UdfRun(0, 4096, 0, 4096), runs.Find(4095));
        Assert.Equal(new UdfRun(4096, 2048, 1, 8192), runs.Find(4096));
        Assert.Equal(new UdfRun(6144, 3856, 0, -1), runs.Find(9999));
        Assert.False(runs.IsWithin(0));

        UdfRunList.Builder small = new(100);
        small.Add(2048, 0, 0);
        small.Add(2048, 0, 9000);
        Assert.Equal(new UdfRun(0, 100, 0, 0), small.Build().Find(99));
    }

    [Fact]
    public void The_table_of_file_systems_prefers_udf_to_iso9660()
    {
        string[] ids = [.. Formats.FileSystems.All.Select(entry => entry.Info.Id)];
        int iso = Array.IndexOf(ids, "iso9660");
        Assert.InRange(Array.IndexOf(ids, "udf"), 0, iso < 0 ? ids.Length : iso);
    }

    [Fact]
    public void What_is_no_udf_is_not_recognised()
    {
        Assert.Null(UdfFileSystem.Probe(new MemorySource(Array.Empty<byte>())));
        Assert.Null(UdfFileSystem.Probe(new ZeroSource(700L << 20)));
        byte[] iso = new byte[1 << 20];
        "\u0001CD001"u8.CopyTo(iso.AsSpan(32768));
        Assert.Null(UdfFileSystem.Probe(new MemorySource(iso)));
        "\0NSR02"u8.CopyTo(iso.AsSpan(32768));
        Assert.Null(UdfFileSystem.Probe(new MemorySource(iso)));
    }

    private static (long Physical, uint Run) Map(UdfPartition partition, uint block)
    {
        Assert.True(partition.TryMap(block, out long physical, out uint run));
        return (physical, run);
    }
}
