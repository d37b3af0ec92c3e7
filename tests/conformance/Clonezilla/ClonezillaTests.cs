using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Clonezilla;

/// <summary>Directories like those of Clonezilla, made with the programs that Clonezilla uses: sfdisk, dd,
/// partclone, split.</summary>
public sealed class ClonezillaTests
{
    // Sectors: ext4 at 2048, swap at 22528, FAT at 26624.
    private const string Table = """
        start=2048, size=20480, type=linux
        start=22528, size=4096, type=swap
        start=26624, size=8192, type=linux
        """;

    [Theory]
    [InlineData("gpt")]
    [InlineData("dos")]
    public void A_disk_is_put_together_from_its_partitions(string label)
    {
        using TemporaryFolder folder = new();
        byte[] expected = MakeDirectory(folder, label);
        using FolderFiles files = new(folder["saved"], "parts");
        using DiskImage image = Open(files);
        Assert.Equal("clonezilla", image.Format.Id);
        Assert.Empty(image.Warnings);
        Assert.Contains(new("sda1", "sda1.ext4-ptcl-img.xz.aa"), image.Details);
        Assert.Contains(new("sda2", "swap, which is not saved"), image.Details);

        // Behind the last partition an MBR does not say where the disk ends.
        BlockSource content = image.Content;
        Assert.Equal(label == "gpt" ? expected.Length : (26624 + 8192) * 512, content.Length);
        Assert.Equal(expected[..(int)content.Length], content.ReadBytes(0, (int)content.Length));
        SourceContract.ExtentsTile(content);
        PartitionTable table = PartitionTables.Read(content)!;
        Assert.Equal([2048L * 512, 22528 * 512, 26624 * 512], table.Partitions.Select(partition => partition.Offset));
        RecordedCheck check = RecordedCheck.Run(image);
        Assert.Empty(check.Problems);
        Assert.Equal(["sda1", "sda3"], check.Confirmed.Select(what => what[^4..]).Distinct());
    }

    [Fact]
    public void Damage_of_a_partition_is_told_with_its_place_on_the_disk()
    {
        using TemporaryFolder folder = new();
        MakeDirectory(folder, "gpt");
        byte[] saved = File.ReadAllBytes(folder["saved/sda3.vfat-ptcl-img.uncomp"]);
        saved[^1000] ^= 1;
        File.WriteAllBytes(folder["saved/sda3.vfat-ptcl-img.uncomp"], saved);
        using FolderFiles files = new(folder["saved"], "parts");
        using DiskImage image = Open(files);
        (long? offset, string message) = Assert.Single(RecordedCheck.Run(image).Problems);
        Assert.InRange(offset!.Value, 26624 * 512, (26624 + 8192) * 512);
        Assert.StartsWith("sda3: ", message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_put_together_is_told()
    {
        using TemporaryFolder folder = new();
        MakeDirectory(folder, "gpt");
        File.Move(folder["saved/sda3.vfat-ptcl-img.uncomp"], folder["sda3"]);
        using (FolderFiles files = new(folder["saved"], "parts"))
        {
            using DiskImage image = Open(files);
            Assert.Contains("'sda3' is not in the directory", Assert.Single(image.Warnings), StringComparison.Ordinal);
        }

        File.WriteAllBytes(folder["saved/sda3.vfat-ptcl-img.lrz.aa"], new byte[4096]);
        AssertRefused(folder, "the compression of 'sda3.vfat-ptcl-img.lrz.aa'");
        File.Move(folder["saved/sda3.vfat-ptcl-img.lrz.aa"], folder["saved/sda3.ntfs-img.aa"]);
        AssertRefused(folder, "'sda3.ntfs-img.aa', which partclone did not make");
        string table = File.ReadAllText(folder["saved/sda-pt.sf"]);
        foreach ((string from, string to, string expected) in ((string, string, string)[])
            [
                ("start=       22528", "start=       22527", "'sda2' begins before the end"),
                ("size=        4096", "size= many", "whose number is none"),
                ("size=        4096", "sizes=        4096", "tells no place or size"),
                ("sector-size: 512", "sector-size: 4096", "a sector size of 4096"),
                ("type=", "type=5, was=", "logical partitions, in 'sda1'"),
            ])
        {
            Assert.Contains(from, table, StringComparison.Ordinal);
            File.WriteAllText(folder["saved/sda-pt.sf"], table.Replace(from, to, StringComparison.Ordinal));
            AssertRefused(folder, expected);
        }

        File.WriteAllText(folder["saved/disk"], "sda sdb\n");
        AssertRefused(folder, "a directory of 2 disks");
        File.Delete(folder["saved/disk"]);
        AssertRefused(folder, "'disk' is not beside the image");
    }

    private static void AssertRefused(TemporaryFolder folder, string expected)
    {
        using FolderFiles files = new(folder["saved"], "parts");
        IOException error = Assert.ThrowsAny<IOException>(() => Open(files));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    // The disk as it is restored, and the directory 'saved'.
    private static byte[] MakeDirectory(TemporaryFolder folder, string label)
    {
        Requires.Tool("partclone.ext4", "partclone.fat", "partclone.restore", "sfdisk", "mkfs.fat", "xz", "split");
        File.WriteAllText(folder["table"], $"label: {label}\n{Table}\n");
        Tool.Shell($"""
            cd {folder.Path}; mkdir saved tree; head -c 1000000 /dev/urandom >tree/noise
            truncate -s 18M disk; sfdisk -q disk <table
            head -c 100000 /dev/urandom | dd of=disk bs=512 seek=64 conv=notrunc status=none
            mkfs.ext4 -q -d tree p1 10M; mkfs.fat -C p3 4096 >log; mcopy -i p3 tree/noise ::
            partclone.ext4 -c -q -F -s p1 -o i1 -L l1 >log1 2>&1 & partclone.fat -c -q -F -s p3 -o i3 -L l3 >log3 2>&1 &
            wait
            for i in 1 3; do truncate -r p$i r$i; partclone.restore -q -C -s i$i -O r$i -L l$i >log$i 2>&1 & done; wait
            dd if=r1 of=disk bs=512 seek=2048 conv=notrunc status=none
            dd if=r3 of=disk bs=512 seek=26624 conv=notrunc status=none
            cd saved
            echo sda >disk; echo 'sda1 sda3' >parts; echo 'UUID=""' >swappt-sda2.info
            sfdisk -d ../disk | sed 's|^device: .*|device: /dev/sda|; s|^[^ ]*disk\([0-9]\) :|/dev/sda\1 :|' >sda-pt.sf
            dd if=../disk of=sda-mbr bs=512 count=1 status=none
            dd if=../disk of=sda-hidden-data-after-mbr bs=512 skip=1 count=2047 status=none
            xz -T1 --block-size=200KiB <../i1 | split -b 300000 - sda1.ext4-ptcl-img.xz.
            cp ../i3 sda3.vfat-ptcl-img.uncomp
            """);
        if (label == "gpt")
        {
            Tool.Shell($"""
                cd {folder["saved"]}
                dd if=../disk of=sda-gpt-1st bs=512 count=34 status=none
                tail -c $((33 * 512)) ../disk >sda-gpt-2nd
                """);
        }

        return File.ReadAllBytes(folder["disk"]);
    }

    private static DiskImage Open(FolderFiles files) =>
        ImageFormats.Open(new ImageOpener(files.First, "parts", files, new BlockCache(8 << 20)), null);
}
