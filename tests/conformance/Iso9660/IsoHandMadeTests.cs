using Imaged.Blocks;
using Imaged.Formats.Iso9660;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Iso9660;

/// <summary>What no program of today makes, on volumes that were written by hand from the standards: High Sierra,
/// interleaved files, sparse files.</summary>
public sealed class IsoHandMadeTests
{
    private const int BlockSize = HandMadeVolume.BlockSize;

    [Fact]
    public void A_High_Sierra_volume_is_one_to_blkid_too()
    {
        Requires.Tool("blkid");
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["image"], new HandMadeVolume(30, highSierra: true).ToArray());
        Dictionary<string, string> blkid = Blkid.Probe(folder["image"]);
        Assert.Equal(("High Sierra", "HAND MADE"), (blkid["VERSION"], blkid["LABEL"]));
    }

    [Fact]
    public void A_High_Sierra_volume_is_read()
    {
        HandMadeVolume made = new(30, highSierra: true);
        made.Add("FIRST.TXT;1"u8, 20, 5000);
        made.Add("SECOND.;1"u8, 24, 3);
        byte[] content = Content(3 * BlockSize);
        made.Fill(20, content);
        made.Fill(24, "abc"u8);
        using MemorySource volume = new(made.ToArray());
        VolumeInfo info = Iso9660FileSystem.Probe(volume)!;
        Assert.Equal("High Sierra", info.Version);
        Assert.Equal("HAND MADE", info.Label);
        Assert.Equal(30 * BlockSize, info.Length);
        Assert.Empty(info.Warnings);
        using FileTree tree = IsoImage.Open(volume);
        Assert.Equal(
            ["first.txt", "second"],
            tree.ReadDirectory(tree.Root.Id, 0).Select(entry => TreeWalk.Text(entry.Name)));
        Assert.Equal(content[..5000], TreeWalk.ReadFile(tree, "first.txt"));
        Assert.Equal("abc"u8.ToArray(), TreeWalk.ReadFile(tree, "second"));

        // There is no zone in its dates.
        DateTimeOffset recorded = new(1988, 4, 15, 12, 30, 45, TimeSpan.Zero);
        Assert.Equal(recorded.ToUnixTimeSeconds(), TreeWalk.Find(tree, "second").Modified.Seconds);
    }

    [Theory]
    [InlineData(1, 1, 9000)]
    [InlineData(2, 3, 9000)]
    [InlineData(3, 1, 3 * BlockSize)]
    [InlineData(1, 4, 10)]
    public void An_interleaved_file_is_put_together_from_its_units(byte unit, byte gap, int length)
    {
        byte[] content = Content(length);
        HandMadeVolume made = new(60);
        made.Add("FILE.BIN;1"u8, 20, length, unit, gap);
        int unitLength = unit * BlockSize;
        int block = 20;
        for (int from = 0; from < length; from += unitLength, block += unit + gap)
        {
            made.Fill(block, content.AsSpan(from, Math.Min(unitLength, length - from)));
            made.Fill(block + unit, Enumerable.Repeat((byte)0xEE, gap * BlockSize).ToArray());
        }

        using MemorySource volume = new(made.ToArray());
        using FileTree tree = IsoImage.Open(volume);
        Assert.Equal(content, TreeWalk.ReadFile(tree, "file.bin"));
        using BlockSource file = tree.OpenFile(TreeWalk.Find(tree, "file.bin").Id);
        for (int from = 0; from < length; from += 777)
        {
            int count = Math.Min(3000, length - from);
            Assert.Equal(content[from..(from + count)], file.ReadBytes(from, count));
        }

        // Each extent says where in the volume its bytes are.
        for (long offset = 0; offset < length;)
        {
            Extent extent = file.GetExtent(offset);
            Assert.InRange(extent.Length, 1, unitLength);
            offset += extent.Length;
        }

        long inZone = new DateTimeOffset(1988, 4, 15, 12, 30, 45, TimeSpan.FromHours(2)).ToUnixTimeSeconds();
        Assert.Equal(inZone, TreeWalk.Find(tree, "file.bin").Modified.Seconds);
    }

    [Fact]
    public void Interleaved_and_plain_sections_follow_each_other()
    {
        byte[] content = Content(7 * BlockSize);
        HandMadeVolume made = new(40);
        made.Add("FILE;1"u8, 20, 4 * BlockSize, unit: 2, gap: 1, isLast: false);
        made.Add("FILE;1"u8, 30, 3 * BlockSize);
        made.Fill(20, content.AsSpan(0, 2 * BlockSize));
        made.Fill(23, content.AsSpan(2 * BlockSize, 2 * BlockSize));
        made.Fill(30, content.AsSpan(4 * BlockSize));
        using MemorySource volume = new(made.ToArray());
        using FileTree tree = IsoImage.Open(volume);
        Assert.Equal(content, TreeWalk.ReadFile(tree, "file"));
    }

    [Fact]
    public void What_an_interleaved_file_lacks_in_a_truncated_image_is_an_error_there_only()
    {
        byte[] content = Content(4 * BlockSize);
        HandMadeVolume made = new(25);
        made.Add("FILE;1"u8, 20, content.Length, unit: 1, gap: 1);
        for (int i = 0; i < 3; i++)
        {
            made.Fill(20 + (i * 2), content.AsSpan(i * BlockSize, BlockSize));
        }

        using MemorySource volume = new(made.ToArray());
        using FileTree tree = IsoImage.Open(volume);
        using BlockSource file = tree.OpenFile(TreeWalk.Find(tree, "file").Id);
        Assert.Equal(content[..(3 * BlockSize)], file.ReadBytes(0, 3 * BlockSize));
        Assert.Throws<ImageFormatException>(() => file.ReadBytes(3 * BlockSize, 1));
    }

    // RRIP 4.1.7; how its tables are laid out is not known well enough to read them.
    [Fact]
    public void A_sparse_file_has_its_length_and_is_refused_by_its_name()
    {
        byte[] announce = [.. "SP"u8, 7, 1, 0xBE, 0xEF, 0, .. Mode(0x41ED)];
        byte[] sparse =
        [
            .. Mode(0x81A4), .. "SF"u8, 21, 1, .. HandMadeVolume.Both32(3), .. HandMadeVolume.Both32(0x1234), 1,
        ];
        HandMadeVolume made = new(30, highSierra: false, announce);
        made.Add("SPARSE;1"u8, 20, BlockSize, systemUse: sparse);
        using MemorySource volume = new(made.ToArray());
        using FileTree tree = IsoImage.Open(volume);
        NodeInfo node = TreeWalk.Find(tree, "sparse");
        Assert.Equal(0x3_0000_1234, node.Size);
        UnsupportedFeatureException error =
            Assert.Throws<UnsupportedFeatureException>(() => tree.OpenFile(node.Id));
        Assert.Contains("sparse file of Rock Ridge", error.Message, StringComparison.Ordinal);
    }

    private static byte[] Content(int length) => [.. Enumerable.Range(0, length).Select(i => (byte)(i * i / 500))];

    // PX of RRIP 1.10: mode, links, owner, group.
    private static byte[] Mode(int mode) =>
    [
        .. "PX"u8, 36, 1, .. HandMadeVolume.Both32(mode), .. HandMadeVolume.Both32(1),
        .. HandMadeVolume.Both32(0), .. HandMadeVolume.Both32(0),
    ];
}
