using System.Buffers.Binary;
using System.Globalization;
using System.Text.RegularExpressions;
using Imaged.Blocks;
using Imaged.Conformance.Fat;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.UsedBlockMaps;

/// <summary>Maps of FAT, against fsck.fat, and partclone, which saves some clusters too many of FAT12.</summary>
public sealed class FatUsedTests
{
    [Theory]
    [InlineData(12, "-F 12 -s 2", 3000)]
    [InlineData(12, "-F 12 -s 8 -f 1", 16000)]
    [InlineData(16, "-F 16", 40001)]
    [InlineData(32, "-F 32 -s 1", 60000)]
    [InlineData(32, "-F 32 -S 2048 -s 1 -R 40", 200001)]
    public void Clusters_in_use_are_all_that_is_saved(int bits, string options, int kilobytes)
    {
        Requires.Tool("mkfs.fat", "mcopy", "partclone.fat32", "fsck.fat");
        using TemporaryFolder folder = new();
        MakeImage(folder, options, kilobytes);
        UsedBlocks used = UsedVolume.ReadPart(folder["image"], "fat");
        if (bits > 12)
        {
            UsedVolume.AssertCoversPartclone(folder, $"fat{bits}", used, 65536);
        }

        // "image: 65 files, 1203/20041 clusters", and before "Data area starts at byte 26624 (sector 52)",
        // "2048 bytes per cluster", "2563072 bytes in data area".
        string text = Tool.Run("fsck.fat", "-n", "-v", folder["image"]).Text;
        long free = (Number(text, @"/(\d+) clusters") - Number(text, @"(\d+)/\d+ clusters"))
            * Number(text, @"(\d+) bytes per cluster");
        Assert.Equal(used.Blocks.Length - free, used.Blocks.Count);
        string restored = UsedVolume.Restore(folder, used);
        UsedVolume.Check("fsck.fat -n {0}", restored);
        Tool.Shell($"""
            cd '{folder.Path}'
            export MTOOLS_SKIP_CHECK=1
            mkdir a b
            mcopy -i image -s -n '::*' a
            mcopy -i restored -s -n '::*' b
            test "$(find a -type f | wc -l)" -gt 60
            diff -r a b
            """);
    }

    [Fact]
    public void Bad_clusters_are_left_out_and_copies_that_differ_are_added_up()
    {
        Requires.Tool("mkfs.fat", "mcopy", "fsck.fat");
        using TemporaryFolder folder = new();
        MakeImage(folder, "-F 16", 20000);
        byte[] image = File.ReadAllBytes(folder["image"]);
        long before = UsedVolume.ReadPart(folder["image"], "fat").Blocks.Count;
        int sector = BinaryPrimitives.ReadUInt16LittleEndian(image.AsSpan(11));
        int cluster = image[13] * sector;
        int fat = BinaryPrimitives.ReadUInt16LittleEndian(image.AsSpan(14)) * sector;
        int length = BinaryPrimitives.ReadUInt16LittleEndian(image.AsSpan(22)) * sector;
        int free = Enumerable.Range(2, 5000).Last(i => image[fat + (2 * i)] == 0 && image[fat + (2 * i) + 1] == 0);
        for (int copy = 0; copy < 2; copy++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(fat + (copy * length) + (2 * free)), 0xfff7);
        }

        File.WriteAllBytes(folder["image"], image);
        Assert.Equal(before, UsedVolume.ReadPart(folder["image"], "fat").Blocks.Count);

        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(fat + length + (2 * free) - 2), 0xffff);
        File.WriteAllBytes(folder["image"], image);
        UsedBlocks used = UsedVolume.Read(folder["image"]);
        Assert.Null(used.WholeBecause);
        Assert.Equal(before + cluster, used.Blocks.Count);
        Assert.Contains("differ", Assert.Single(used.Warnings), StringComparison.Ordinal);

        // Not unmounted: the FAT is all that there is, and a word is enough.
        image[fat + 3] &= 0x7f;
        File.WriteAllBytes(folder["image"], image);
        used = UsedVolume.Read(folder["image"]);
        Assert.Null(used.WholeBecause);
        Assert.Contains(used.Warnings, text => text.Contains("not unmounted cleanly", StringComparison.Ordinal));

        Tool.Run("truncate", "-s", "-1K", folder["image"]);
        UsedVolume.AssertWhole(folder["image"], "fat", "shorter than the file system");
    }

    [Theory]
    [InlineData("-F 12")]
    [InlineData("-F 16 -s 1")]
    [InlineData("-F 32 -s 1")]
    public void Damage_ends_in_a_map(string options)
    {
        Requires.Tool("mkfs.fat");
        using TemporaryFolder folder = new();
        Tool.Shell($"PATH=$PATH:/usr/sbin; mkfs.fat -C {options} '{folder["image"]}' 8000 > '{folder["log"]}'");
        using MemorySource volume = new(File.ReadAllBytes(folder["image"]));
        HostileInput.Try(volume, UsedVolume.Touch);
    }

    private static long Number(string text, string pattern) =>
        long.Parse(Regex.Match(text, pattern).Groups[1].ValueSpan, CultureInfo.InvariantCulture);

    private static void MakeImage(TemporaryFolder folder, string options, int kilobytes)
    {
        FatImages.MakeTree(folder["tree"], kilobytes * 50, 40);
        File.Move(FatImages.Make(folder, kilobytes, options), folder["image"]);
    }
}
