using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.ExFat;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.ExFat;

/// <summary>What no tool makes or leaves behind, changed byte by byte in volumes of exfatprogs and
/// exfat-fuse.</summary>
public sealed class ExFatStateTests
{
    private const int Sector = 512;
    private const int ClusterSize = 4096;

    [Fact]
    public void The_second_fat_and_bitmap_are_used_when_they_are_the_active_ones()
    {
        using TemporaryFolder folder = new();
        byte[] bytes = Made(folder);
        byte[] expected = Content(bytes, "turn-1");
        int fat = Offset(bytes, 80);
        int length = Offset(bytes, 84);
        Assert.True(fat + (2 * length) <= Offset(bytes, 88), "there is room for a second FAT");
        bytes.AsSpan(fat, length).CopyTo(bytes.AsSpan(fat + length));
        bytes.AsSpan(fat, length).Clear();
        bytes[110] = 2;
        bytes[106] = 1;
        int root = Offset(bytes, 88) + ((BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(96)) - 2) * ClusterSize);
        int bitmap = Enumerable.Range(0, 16).Select(i => root + (i * 32)).First(at => bytes[at] == 0x81);
        bytes[bitmap + 1] = 1;
        Seal(bytes);
        using MemorySource volume = new(bytes);
        using FileTree tree = ExFatImage.Open(volume);
        Assert.Empty(tree.Volume.Warnings);
        Assert.Equal(expected, TreeWalk.ReadFile(tree, "turn-1"));
        Assert.InRange(tree.Statistics.FreeBytes, 1, tree.Statistics.TotalBytes);
    }

    [Fact]
    public void What_was_never_written_is_zero()
    {
        using TemporaryFolder folder = new();
        byte[] bytes = Made(folder);
        byte[] expected = Content(bytes, "random");
        int set = SetOf(bytes, "random");
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(set + 32 + 8), 5000);
        SealSet(bytes, set);
        expected.AsSpan(5000).Clear();
        using MemorySource volume = new(bytes);
        using FileTree tree = ExFatImage.Open(volume);
        Assert.Equal(expected, TreeWalk.ReadFile(tree, "random"));
        using BlockSource file = tree.OpenFile(TreeWalk.Find(tree, "random").Id);
        Assert.Equal(new Extent(5000, expected.Length - 5000, ExtentKind.Zero), file.GetExtent(5000));
    }

    [Fact]
    public void Clusters_that_follow_each_other_need_no_fat()
    {
        using TemporaryFolder folder = new();
        byte[] bytes = Made(folder);
        byte[] expected = Content(bytes, "random");
        int set = SetOf(bytes, "random");
        int first = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(set + 32 + 20));
        bytes[set + 32 + 1] |= 2;
        SealSet(bytes, set);
        bytes.AsSpan(Offset(bytes, 80) + (first * 4), expected.Length / ClusterSize * 4).Clear();
        using MemorySource volume = new(bytes);
        using FileTree tree = ExFatImage.Open(volume);
        Assert.Equal(expected, TreeWalk.ReadFile(tree, "random"));
    }

    [Theory]
    [InlineData(300)]
    [InlineData(80)]
    public void The_copy_of_the_boot_sector_is_used_when_it_is_damaged(int at)
    {
        using TemporaryFolder folder = new();
        byte[] bytes = Made(folder);
        byte[] expected = Content(bytes, "random");
        bytes[at] ^= 0xff;
        using MemorySource volume = new(bytes);
        using FileTree tree = ExFatImage.Open(volume);
        Assert.Equal(expected, TreeWalk.ReadFile(tree, "random"));
        Assert.Contains(tree.Volume.Warnings, warning => warning.Contains("copy", StringComparison.Ordinal));
    }

    [Fact]
    public void A_volume_in_use_is_a_warning()
    {
        using TemporaryFolder folder = new();
        byte[] bytes = Made(folder);
        bytes[106] = 2 | 4;
        using MemorySource volume = new(bytes);
        Assert.Equal(2, ExFatFileSystem.Probe(volume)!.Warnings.Length);
    }

    [Fact]
    public void A_set_with_a_wrong_checksum_is_left_out_and_told_at_the_end()
    {
        using TemporaryFolder folder = new();
        byte[] bytes = Made(folder);
        bytes[SetOf(bytes, "random") + 2] ^= 1;
        using MemorySource volume = new(bytes);
        using FileTree tree = ExFatImage.Open(volume);
        List<string> names = [];
        ImageFormatException error = Assert.Throws<ImageFormatException>(() =>
        {
            foreach (DirectoryEntry entry in tree.ReadDirectory(tree.Root.Id, 0))
            {
                names.Add(TreeWalk.Text(entry.Name));
            }
        });
        Assert.Contains("checksum", error.Message, StringComparison.Ordinal);
        Assert.Equal(["turn-1", "turn-2", "last"], names);
        Assert.Equal("x\n"u8.ToArray(), TreeWalk.ReadFile(tree, "last"));
    }

    // Values worked out from the specification, section 7.4.8: 2020-02-29 13:14:16, and 1.5 s.
    [Theory]
    [InlineData(0x00, 1582982057)]
    [InlineData(0x80, 1582982057)]
    [InlineData(0x84, 1582982057 - 3600)]
    [InlineData(0xfc, 1582982057 + 3600)]
    [InlineData(0x7c, 1582982057)]
    public void Times_are_in_utc(byte zone, long seconds)
    {
        uint stamp = (40u << 25) | (2 << 21) | (29 << 16) | (13 << 11) | (14 << 5) | 8;
        byte[] raw = BitConverter.GetBytes(stamp);
        Assert.Equal(new Timestamp(seconds, 500_000_000), ExFatTime.From(raw, 150, zone));
    }

    private static byte[] Made(TemporaryFolder folder)
    {
        string image = ExFatImage.Make(
            folder,
            "-c 4096",
            "16M",
            """
            head -c 30000 /dev/urandom > random
            for i in $(seq 10); do head -c 9000 /dev/urandom >> turn-1; head -c 9000 /dev/urandom >> turn-2; done
            echo x > last
            """);
        return File.ReadAllBytes(image);
    }

    private static byte[] Content(byte[] bytes, string path)
    {
        using MemorySource volume = new(bytes);
        using FileTree tree = ExFatImage.Open(volume);
        return TreeWalk.ReadFile(tree, path);
    }

    private static int Offset(byte[] bytes, int field) =>
        BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(field)) * Sector;

    // Where the entries of a file in the root directory stand.
    private static int SetOf(byte[] bytes, string path)
    {
        using MemorySource volume = new(bytes);
        using FileTree tree = ExFatImage.Open(volume);
        return (int)(TreeWalk.Find(tree, path).Id / 2 * 32);
    }

    private static void SealSet(byte[] bytes, int set)
    {
        ushort sum = 0;
        for (int i = 0; i < (bytes[set + 1] + 1) * 32; i++)
        {
            if (i is not (2 or 3))
            {
                sum = (ushort)(((sum << 15) | (sum >> 1)) + bytes[set + i]);
            }
        }

        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(set + 2), sum);
    }

    private static void Seal(byte[] bytes)
    {
        uint sum = 0;
        for (int i = 0; i < 11 * Sector; i++)
        {
            if (i is not (106 or 107 or 112))
            {
                sum = ((sum << 31) | (sum >> 1)) + bytes[i];
            }
        }

        for (int i = 0; i < Sector; i += 4)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan((11 * Sector) + i), sum);
        }
    }
}
