using System.Buffers.Binary;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Xunit;

namespace Imaged.UnitTests.Partitions;

public sealed class ApmTests
{
    [Theory]
    [InlineData(512, 512)]
    [InlineData(2048, 2048)]
    [InlineData(2048, 512)] // a hybrid disc
    [InlineData(0, 512)]    // no driver descriptor
    public void The_unit_is_the_stride_of_the_entries(int named, int stride)
    {
        byte[] disk = new byte[1 << 20];
        if (named != 0)
        {
            "ER"u8.CopyTo(disk);
            BinaryPrimitives.WriteUInt16BigEndian(disk.AsSpan(2), (ushort)named);
        }

        for (int i = 1; i <= 5; i++)
        {
            Entry(disk, stride, i, 5, (uint)(10 * i), 10, i == 1 ? "Apple_partition_map" : "Apple_HFS");
        }

        using MemorySource source = new(disk);
        PartitionTable table = PartitionTables.Read(source)!;
        Assert.Equal("apm", table.TypeId);
        Assert.Equal(stride, table.SectorSize);
        Assert.Equal([2, 3, 4, 5], table.Partitions.Select(partition => partition.Number));
        Assert.Equal(20 * stride, table.Partitions[0].Offset);
    }

    [Fact]
    public void A_damaged_entry_is_left_out_with_a_warning()
    {
        byte[] disk = new byte[1 << 20];
        "ER"u8.CopyTo(disk);
        disk[2] = 2;
        Entry(disk, 512, 1, 4, 1, 63, "Apple_partition_map");
        Entry(disk, 512, 2, 4, 100, 10, "Apple_HFS");
        Entry(disk, 512, 4, 4, 200, 10, "Apple_HFS");
        using MemorySource source = new(disk);
        PartitionTable table = PartitionTables.Read(source)!;
        Assert.Equal([2, 4], table.Partitions.Select(partition => partition.Number));
        Assert.Single(table.Warnings);
    }

    private static void Entry(byte[] disk, int stride, int number, uint mapLength, uint first, uint count, string type)
    {
        Span<byte> entry = disk.AsSpan(number * stride, 512);
        "PM"u8.CopyTo(entry);
        BinaryPrimitives.WriteUInt32BigEndian(entry[4..], mapLength);
        BinaryPrimitives.WriteUInt32BigEndian(entry[8..], first);
        BinaryPrimitives.WriteUInt32BigEndian(entry[12..], count);
        Encoding.ASCII.GetBytes(type, entry[48..]);
    }
}
