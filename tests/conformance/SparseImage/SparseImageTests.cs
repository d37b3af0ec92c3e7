using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.SparseImage;

/// <summary>Sparse images: the header of a real one, with bands behind it, and one with two index nodes by
/// hand.</summary>
public sealed class SparseImageTests
{
    private const string Sample = "sparseimage/header-only.sparseimage";
    private const int BandLength = 1 << 20;

    [Fact]
    public void A_real_header_puts_the_bands_in_their_order()
    {
        // Its slots hold the bands 0, 3, 1 and 2 of four.
        byte[] header = File.ReadAllBytes(Samples.Get(Sample));
        byte[] bands = new byte[4 * BandLength];
        new Random(5).NextBytes(bands);
        using DiskImage image = Open([.. header, .. bands]);
        Assert.Equal("sparseimage", image.Format.Id);
        byte[] expected =
        [
            .. bands[..BandLength], .. bands[(2 * BandLength)..], .. bands[BandLength..(2 * BandLength)],
        ];
        Assert.Equal(expected, image.Content.ReadBytes(0, expected.Length));
        SourceContract.ExtentsTile(image.Content);

        // The last band may be cut off.
        using DiskImage shorter = Open([.. header, .. bands[..^1000]]);
        bands.AsSpan(bands.Length - 1000).Clear();
        Assert.Equal(bands[(3 * BandLength)..], shorter.Content.ReadBytes(2 * BandLength, BandLength));
        SourceContract.ExtentsTile(shorter.Content);
    }

    [Fact]
    public void A_header_without_its_bands_is_refused()
    {
        ImageFormatException error = Assert.Throws<ImageFormatException>(() => ImageSample.Open(Sample));
        Assert.Contains("behind the end", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bands_behind_a_second_node_are_found_and_others_are_zero()
    {
        byte[] bytes = MakeTwoNodes();
        using DiskImage image = Open(bytes);
        Assert.Equal(100_000 * 512, image.Content.Length);
        Assert.Equal(7, image.Content.ReadBytes(2000 * 512, 1)[0]);
        Assert.Equal(9, image.Content.ReadBytes(99_999 * 512, 1)[0]);
        Assert.Equal(0, image.Content.ReadBytes(5000 * 512, 1)[0]);
        Assert.Equal(ExtentKind.Unallocated, image.Content.GetExtent(5000 * 512).Kind);
        SourceContract.ExtentsTile(image.Content);
    }

    [Theory]
    [InlineData(64, 3)] // a band twice
    [InlineData(68, 100_001)] // one behind the end of the disk
    [InlineData(24, 4096)] // a node in the middle of the bands
    [InlineData(24, 0x7fffffff)] // one behind the end of the file
    [InlineData(8, 0)] // bands without a length
    public void A_damaged_index_is_refused(int at, int value)
    {
        byte[] bytes = MakeTwoNodes();
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(at), value);
        Assert.Throws<ImageFormatException>(() => Open(bytes));
    }

    [Fact]
    public void Truncated_or_changed_bytes_end_in_success_or_a_named_error()
    {
        using MemorySource source = new(MakeTwoNodes());
        HostileInput.Try(source, changed =>
        {
            using DiskImage image = Open(changed);
            image.Content.ReadBytes(image.Content.Length / 2, 1);
            _ = image.Content.GetExtent(image.Content.Length - 1);
        });
    }

    // Bands of one sector, of 100,000: two in the slots of the header, one in those of a node behind 1008 slots.
    private static byte[] MakeTwoNodes()
    {
        const int Node = 4096 + (1008 * 512);
        byte[] bytes = new byte[Node + 4096 + 512];
        foreach (int at in (int[])[0, Node])
        {
            "sprs"u8.CopyTo(bytes.AsSpan(at));
        }

        (int At, int Value)[] fields =
        [
            (4, 3), (8, 1), (16, 100_000), (24, Node), (64, 2001), (68, 3), (Node + 56, 100_000),
        ];
        foreach ((int at, int value) in fields)
        {
            BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(at), value);
        }

        bytes[4096] = 7;
        bytes[Node + 4096] = 9;
        return bytes;
    }

    private static DiskImage Open(byte[] bytes) => Open(new MemorySource(bytes));

    private static DiskImage Open(BlockSource source) =>
        ImageFormats.Open(new ImageOpener(source, "x.sparseimage", null, new BlockCache(1 << 20)), null);
}
