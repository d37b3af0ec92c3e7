using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Partitions;

/// <summary>Disks of other people's programs.</summary>
public sealed class PartitionSampleTests
{
    // The images named 4096 are aligned to 4096 bytes; their sectors have 512. partx also lists the slices of a BSD
    // label.
    [Theory]
    [InlineData("mkimg/img-1x1-4096-apm.raw.gz", "apm")]
    [InlineData("mkimg/img-1x1-512-apm.raw.gz", "apm")]
    [InlineData("mkimg/img-1x1-4096-gpt.raw.gz", "gpt")]
    [InlineData("mkimg/img-1x1-512-gpt.raw.gz", "gpt")]
    [InlineData("mkimg/img-1x1-4096-ebr.raw.gz", "mbr")]
    [InlineData("mkimg/img-1x1-4096-mbr.raw.gz", "mbr")]
    [InlineData("blkid/gpt.img.xz", "gpt")]
    [InlineData("raw/tsk_volume_system.raw.xz", "mbr")]
    [InlineData("raw/libguestfs-mbr-ext2.img.gz", "mbr")]
    [InlineData("raw/manageiq-mbr.img", "mbr")]
    [InlineData("iso/utl-sample.iso.gz", "mbr")]
    public void Sample_has_the_partitions_that_partx_lists(string name, string kind)
    {
        Requires.Tool("partx");
        using BlockSource disk = Samples.Open(name);
        PartitionTable? table = PartitionTables.Read(disk);
        Assert.Equal(kind, table?.TypeId);
        List<PartxEntry> expected = Partx.List(Samples.Get(name), 512);
        expected.RemoveAll(entry => entry.Type is "0x5" or "0xf" or "0x85" or "Apple_partition_map" or "Apple_Free");
        if (kind == "mbr")
        {
            expected.RemoveAll(entry => entry.Number > 4 && expected.Any(slice => slice.Type == "0xa5"));
        }

        // partx does not clip.
        Assert.Equal(
            expected.Select(entry => entry with
            {
                Count = Math.Min(entry.Count, ((ulong)disk.Length / 512) - entry.First),
            }),
            table!.Partitions.Select(partition => Partx.From(partition, table)));
    }

    [Theory]
    [InlineData("mkimg/img-1x1-4096-bsd.raw.gz")]
    [InlineData("mkimg/img-1x1-4096-vtoc8.raw.gz")]
    [InlineData("blkid/sgi.img.xz")]
    [InlineData("blkid/atari-primary.img.xz")]
    [InlineData("blkid/dasd-cdl.img.xz")]
    [InlineData("blkid/fat.img.xz")]
    [InlineData("blkid/fat32_xp_label1.img.xz")]
    [InlineData("blkid/ntfs.img.xz")]
    [InlineData("blkid/exfat.img.xz")]
    [InlineData("blkid/bitlocker-win7.img.xz")]
    [InlineData("raw/go-exfat.img.xz")]
    [InlineData("floppy/mikeos.flp.xz")]
    [InlineData("floppy/sony-FD7.img.xz")]
    public void Sample_has_no_table_of_the_kinds_that_are_read(string name)
    {
        using BlockSource disk = Samples.Open(name);
        Assert.Null(PartitionTables.Read(disk));
    }

    [Theory]
    [InlineData("mkimg/img-1x1-512-apm.raw.gz")]
    [InlineData("mkimg/img-1x1-512-gpt.raw.gz")]
    [InlineData("blkid/gpt.img.xz")]
    [InlineData("raw/tsk_volume_system.raw.xz")]
    public void Damaged_tables_never_throw(string name)
    {
        using BlockSource disk = Samples.Open(name);
        int count = (int)Math.Min(disk.Length, 1 << 20);
        using MemorySource head = new(disk.ReadBytes(0, count));
        HostileInput.Try(head, source =>
        {
            foreach (PartitionTableEntry entry in PartitionTables.All)
            {
                PartitionTable? table = entry.Read(source);
                foreach (Partition partition in table?.Partitions ?? [])
                {
                    Assert.InRange(partition.Offset, 0, source.Length);
                    Assert.InRange(partition.Length, 1, source.Length - partition.Offset);
                }
            }
        });
    }
}
