using System.Text.Json;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.Linux;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Partitions;

/// <summary>Tables made by partitioning programs, compared with what <c>partx</c> lists.</summary>
public sealed class PartitionToolTests
{
    [Fact]
    public void Mbr_of_sfdisk_with_logical_partitions()
    {
        Requires.Tool("sfdisk", "partx", "mmls");
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            truncate -s 64M {folder["d.img"]}
            sfdisk -q {folder["d.img"]} <<END
            label: dos
            label-id: 0x1234abcd
            start=2048, size=4096, type=83, bootable
            start=8192, size=90000, type=f
            start=100000, type=c
            start=10240, size=2048, type=82
            start=16384, size=2048, type=7
            start=20480, size=10000, type=8e
            END
            """);
        PartitionTable table = Compare(folder["d.img"], "mbr", 512);
        Assert.Equal("1234abcd", table.Uuid);
        Assert.Equal([1, 3, 5, 6, 7], table.Partitions.Select(partition => partition.Number));
        Assert.Equal("1234abcd-05", table.Partitions[2].Uuid);
        Assert.True(table.Partitions[0].Bootable);
        Assert.Empty(table.Warnings);

        string[] slots = Tool.Run("mmls", folder["d.img"]).Text.Split('\n');
        foreach (Partition partition in table.Partitions)
        {
            string run = $"{partition.Offset / 512:D10}   {((partition.Offset + partition.Length) / 512) - 1:D10}";
            Assert.Contains(slots, line => line.Contains(run, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Gpt_of_sgdisk_with_names_and_attributes()
    {
        Requires.Tool("sgdisk", "sfdisk", "partx");
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            truncate -s 64M {folder["d.img"]}
            sgdisk -o -n 1:2048:+1M -t 1:ef00 -c 1:'EFI Größe' -n 3:0:+3M -t 3:8300 -A 3:set:2 -n 128:0:0 -t 128:8200 \
                {folder["d.img"]}
            """);
        PartitionTable table = Compare(folder["d.img"], "gpt", 512);
        using JsonDocument json = JsonDocument.Parse(Tool.Run("sfdisk", "-J", folder["d.img"]).Output);
        JsonElement expected = json.RootElement.GetProperty("partitiontable");
        Assert.Equal(expected.GetProperty("id").GetString()!.ToLowerInvariant(), table.Uuid);
        Assert.Equal("EFI Größe", table.Partitions[0].Name);
        Assert.Equal([false, true, false], table.Partitions.Select(partition => partition.Bootable));
        Assert.Equal([1, 3, 128], table.Partitions.Select(partition => partition.Number));
        Assert.Empty(table.Warnings);
    }

    [Fact]
    public void Gpt_in_sectors_of_4096_bytes()
    {
        Requires.Tool("fdisk", "partx");
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            truncate -s 64M {folder["d.img"]}
            printf 'g\nn\n1\n\n+1M\nn\n2\n\n+20M\nw\n' | fdisk -b 4096 {folder["d.img"]}
            """);
        Assert.Empty(Compare(folder["d.img"], "gpt", 4096).Warnings);
        Tool.Shell($"dd if=/dev/zero of={folder["d.img"]} bs=4096 seek=1 count=1 conv=notrunc status=none");
        Assert.NotEmpty(Compare(folder["d.img"], "gpt", 4096).Warnings);
    }

    [Theory]
    [InlineData(512)]  // the header
    [InlineData(1100)] // an entry
    public void Gpt_is_read_from_its_backup_when_the_first_copy_is_damaged(int at)
    {
        Requires.Tool("sgdisk", "partx");
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            truncate -s 64M {folder["d.img"]}
            sgdisk -o -n 1:2048:+1M -c 1:one -n 2:0:+3M {folder["d.img"]}
            printf X | dd of={folder["d.img"]} bs=1 seek={at} conv=notrunc status=none
            """);
        PartitionTable table = Compare(folder["d.img"], "gpt", 512);
        Assert.Contains(table.Warnings, warning => warning.Contains("backup", StringComparison.Ordinal));
    }

    [Fact]
    public void Gpt_of_an_image_that_was_cut_off_is_clipped_with_warnings()
    {
        Requires.Tool("sgdisk");
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            truncate -s 64M {folder["d.img"]}
            sgdisk -o -n 1:2048:+1M -n 2:8192:+40M -n 3:122880:+1M {folder["d.img"]}
            truncate -s 20M {folder["d.img"]}
            """);
        using FileSource disk = FileSource.Open(folder["d.img"]);
        PartitionTable table = PartitionTables.Read(disk)!;
        Assert.Equal([1, 2], table.Partitions.Select(partition => partition.Number));
        Assert.Equal((20 << 20) - (8192 * 512), table.Partitions[1].Length);
        Assert.Equal(3, table.Warnings.Length);
    }

    [Fact]
    public void A_gpt_that_an_mbr_has_replaced_does_not_count()
    {
        Requires.Tool("sgdisk", "sfdisk", "partx");
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            truncate -s 64M {folder["d.img"]}
            sgdisk -o -n 1:2048:+1M {folder["d.img"]}
            head -c 17408 {folder["d.img"]} | tail -c +513 > {folder["gpt"]}
            dd if=/dev/zero of={folder["d.img"]} bs=512 count=1 conv=notrunc status=none
            echo 'start=4096, size=2048, type=83' | sfdisk -q -X dos --wipe never {folder["d.img"]}
            dd if={folder["gpt"]} of={folder["d.img"]} bs=512 seek=1 conv=notrunc status=none
            """);
        Compare(folder["d.img"], "mbr", 512);
    }

    [Fact]
    public void Hybrid_mbr_leaves_the_gpt_in_charge()
    {
        Requires.Tool("sgdisk", "partx");
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            truncate -s 64M {folder["d.img"]}
            sgdisk -o -n 1:2048:+1M -n 2:0:+3M -h 2 {folder["d.img"]}
            """);
        Compare(folder["d.img"], "gpt", 512);
    }

    [Fact]
    public void Apple_map_of_parted()
    {
        Requires.Tool("parted", "partx");
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            truncate -s 64M {folder["d.img"]}
            parted -s {folder["d.img"]} mklabel mac mkpart first hfs 1MiB 10MiB mkpart '"the second"' ext2 12MiB 20MiB
            """);
        PartitionTable table = Compare(folder["d.img"], "apm", 512);
        Assert.Equal(["first", "the second"], table.Partitions.Select(partition => partition.Name));
    }

    [Fact]
    public void Blank_labels_have_no_partitions()
    {
        Requires.Tool("parted", "sfdisk");
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            truncate -s 8M {folder["a"]} {folder["b"]} {folder["c"]} {folder["d"]}
            parted -s {folder["a"]} mklabel msdos
            parted -s {folder["b"]} mklabel gpt
            parted -s {folder["c"]} mklabel mac
            echo 'label: dos' | sfdisk -q {folder["d"]}
            """);
        (string, string)[] labels = [("a", "mbr"), ("b", "gpt"), ("c", "apm"), ("d", "mbr")];
        foreach ((string name, string kind) in labels)
        {
            using FileSource disk = FileSource.Open(folder[name]);
            PartitionTable? table = PartitionTables.Read(disk);
            Assert.Equal(kind, table?.TypeId);
            Assert.Empty(table!.Partitions);
        }
    }

    [Fact]
    public void Hybrid_iso_with_an_appended_partition()
    {
        Requires.Tool("xorriso", "partx");
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            cd {folder.Path}
            mkdir tree; echo text > tree/file; dd if=/dev/urandom of=esp bs=1k count=400 status=none
            xorriso -as mkisofs -quiet -o mbr.iso -append_partition 2 0xef esp tree 2> log
            xorriso -as mkisofs -quiet -o gpt.iso -appended_part_as_gpt -append_partition 2 0xef esp tree 2>> log
            """);
        Compare(folder["mbr.iso"], "mbr", 512);
        Compare(folder["gpt.iso"], "gpt", 512);
    }

    [Theory]
    [InlineData("fat", "mkfs.fat -C {0} 8192")]
    [InlineData("fat32", "mkfs.fat -F 32 -C {0} 65536")]
    [InlineData("ext4", "truncate -s 8M {0}; mkfs.ext4 -qF {0}")]
    [InlineData("zero", "truncate -s 8M {0}")]
    public void A_volume_without_partitions_is_no_disk(string name, string command)
    {
        Requires.Tool("mkfs.fat", "mkfs.ext4");
        using TemporaryFolder folder = new();
        Tool.Shell($"PATH=$PATH:/usr/sbin:/sbin; ({string.Format(null, command, folder[name])}) > {folder["log"]}");
        using FileSource disk = FileSource.Open(folder[name]);
        Assert.Null(PartitionTables.Read(disk));
    }

    [Fact]
    public void Any_layout_that_sfdisk_writes()
    {
        Requires.Tool("sfdisk", "partx");
        using TemporaryFolder folder = new();
        Random random = new(4);
        for (int round = 0; round < 24; round++)
        {
            bool isGpt = round % 3 == 0;
            string script = isGpt ? GptLayout(random) : MbrLayout(random);
            File.Delete(folder["d.img"]);
            File.WriteAllText(folder["script"], script);
            Tool.Shell($"truncate -s 64M {folder["d.img"]}; sfdisk -q {folder["d.img"]} < {folder["script"]}");
            Compare(folder["d.img"], isGpt ? "gpt" : "mbr", 512);
        }
    }

    private static string GptLayout(Random random)
    {
        string script = "label: gpt\n";
        int sector = 2048;
        for (int count = random.Next(1, 20); count > 0; count--)
        {
            sector += random.Next(0, 2000);
            int size = random.Next(1, 4000);
            string type = random.Next(2) == 0 ? "L" : "S";
            script += $"start={sector}, size={size}, name=\"p {random.Next()}\", type={type}\n";
            sector += size;
        }

        return script;
    }

    private static string MbrLayout(Random random)
    {
        string script = $"label: dos\nlabel-id: 0x{random.Next(2) * random.Next():x8}\n";
        int sector = 2048;
        int extended = random.Next(4);
        string logical = string.Empty;
        string[] types = ["1", "6", "7", "c", "82", "83", "8e", "a9", "af", "ef", "fd"];
        for (int i = 0; i < 4; i++)
        {
            sector += random.Next(1, 2000);
            int size = random.Next(20000, 30000);
            string type = i == extended ? "5" : types[random.Next(types.Length)];
            script += $"start={sector}, size={size}, type={type}\n";
            for (int at = sector, j = random.Next(0, 8); i == extended && j > 0; j--)
            {
                at += random.Next(1, 500);
                int inside = random.Next(1, 1500);
                logical += $"start={at}, size={inside}, type=83\n";
                at += inside;
            }

            sector += size;
        }

        return script + logical;
    }

    private static PartitionTable Compare(string path, string kind, int sectorSize)
    {
        using FileSource disk = FileSource.Open(path);
        PartitionTable? table = PartitionTables.Read(disk);
        Assert.Equal(kind, table?.TypeId);
        Assert.Equal(sectorSize, table!.SectorSize);
        IEnumerable<PartxEntry> expected = Partx.List(path, sectorSize).Where(entry =>
            entry.Type is not ("0x5" or "0xf" or "0x85" or "Apple_partition_map" or "Apple_Free"));
        Assert.Equal(
            expected.OrderBy(entry => entry.Number),
            table.Partitions.Select(partition => Partx.From(partition, table)));
        return table;
    }
}
