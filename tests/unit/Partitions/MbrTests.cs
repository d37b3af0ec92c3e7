using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Xunit;

namespace Imaged.UnitTests.Partitions;

public sealed class MbrTests
{
    private const int Sectors = 1000;

    [Fact]
    public void A_chain_of_extended_records_that_comes_back_ends_with_a_warning()
    {
        byte[] disk = Disk();
        Entry(disk, 0, 0, 0x05, 100, 500);
        Entry(disk, 100, 0, 0x83, 1, 10);
        Entry(disk, 100, 1, 0x05, 50, 50);
        Entry(disk, 150, 0, 0x83, 1, 10);
        Entry(disk, 150, 1, 0x05, 0, 50);
        PartitionTable table = Read(disk)!;
        Assert.Equal([(5, 101L * 512), (6, 151L * 512)], table.Partitions.Select(p => (p.Number, p.Offset)));
        Assert.Single(table.Warnings);
    }

    [Fact]
    public void A_chain_that_leaves_the_extended_partition_ends_with_a_warning()
    {
        byte[] disk = Disk();
        Entry(disk, 0, 1, 0x0f, 100, 500);
        Entry(disk, 100, 0, 0x83, 1, 10);
        Entry(disk, 100, 1, 0x05, 600, 50);
        Entry(disk, 700, 0, 0x83, 1, 10);
        PartitionTable table = Read(disk)!;
        Assert.Single(table.Partitions);
        Assert.Single(table.Warnings);
    }

    [Fact]
    public void A_partition_behind_the_end_is_left_out_and_one_that_reaches_behind_it_is_clipped()
    {
        byte[] disk = Disk();
        Entry(disk, 0, 0, 0x83, 900, 200);
        Entry(disk, 0, 1, 0x83, 2000, 1);
        Entry(disk, 0, 2, 0x83, uint.MaxValue, uint.MaxValue);
        PartitionTable table = Read(disk)!;
        Partition partition = Assert.Single(table.Partitions);
        Assert.Equal(100 * 512, partition.Length);
        Assert.Equal(3, table.Warnings.Length);
    }

    [Fact]
    public void A_status_that_is_neither_0_nor_80_makes_it_no_table()
    {
        byte[] disk = Disk();
        Entry(disk, 0, 0, 0x83, 1, 10);
        disk[446 + 16] = 0x20;
        Assert.Null(Read(disk));
    }

    [Fact]
    public void A_fat_boot_sector_is_a_volume_unless_a_sound_table_follows_it()
    {
        byte[] disk = Disk();
        ReadOnlySpan<byte> bpb =
        [
            0xeb, 0x3c, 0x90, 0x6d, 0x6b, 0x66, 0x73, 0x2e, 0x66, 0x61, 0x74, 0,
            2, 4, 1, 0, 2, 0, 2, 0, 4, 0xf8, 1, 0,
        ];
        bpb.CopyTo(disk);
        Assert.Null(Read(disk));
        Entry(disk, 0, 0, 0x83, 0, 1000);
        Assert.Null(Read(disk));
        Entry(disk, 0, 0, 0x83, 10, 100);
        Entry(disk, 0, 1, 0x83, 100, 100);
        Assert.Null(Read(disk));
        Entry(disk, 0, 1, 0x83, 110, 100);
        Assert.Equal(2, Read(disk)!.Partitions.Length);
    }

    [Fact]
    public void A_protective_entry_without_a_gpt_is_told_and_not_listed()
    {
        byte[] disk = Disk();
        Entry(disk, 0, 0, 0xee, 1, 999);
        PartitionTable table = Read(disk)!;
        Assert.Equal("mbr", table.TypeId);
        Assert.Empty(table.Partitions);
        Assert.Single(table.Warnings);
    }

    [Fact]
    public void Addresses_count_in_sectors_of_4096_bytes_on_a_disk_that_has_them()
    {
        byte[] disk = Disk();
        Entry(disk, 0, 0, 0x83, 10, 20);
        using MemorySource source = new(disk, sectorSize: 4096);
        PartitionTable table = PartitionTables.Read(source)!;
        Assert.Equal(4096, table.SectorSize);
        Assert.Equal((10 * 4096, 20 * 4096), (table.Partitions[0].Offset, table.Partitions[0].Length));
    }

    private static byte[] Disk()
    {
        byte[] disk = new byte[Sectors * 512];
        disk[510] = 0x55;
        disk[511] = 0xaa;
        return disk;
    }

    private static void Entry(byte[] disk, int sector, int index, byte type, uint first, uint count)
    {
        Span<byte> entry = disk.AsSpan((sector * 512) + 446 + (index * 16), 16);
        entry[4] = type;
        BinaryPrimitives.WriteUInt32LittleEndian(entry[8..], first);
        BinaryPrimitives.WriteUInt32LittleEndian(entry[12..], count);
        disk[(sector * 512) + 510] = 0x55;
        disk[(sector * 512) + 511] = 0xaa;
    }

    private static PartitionTable? Read(byte[] disk)
    {
        using MemorySource source = new(disk);
        return PartitionTables.Read(source);
    }
}
