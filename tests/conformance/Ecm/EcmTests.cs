using Imaged.Blocks;
using Imaged.Conformance.Discs;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Ecm;
using Imaged.TestKit;
using Imaged.TestKit.Builders;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Ecm;

/// <summary>The contract of images, for ECM.</summary>
public sealed class EcmContractTests : ImageContract
{
    protected override string Sample => "ecm/mirage2iso.iso.ecm.xz";

    protected override string Format => "ecm";
}

/// <summary>An image of others, and sectors of other programs whose codes are stripped by hand.</summary>
public sealed class EcmTests
{
    private const int SectorLength = 2352;

    // Stored bytes of a sector by kind of record, after what is skipped, and where they stand in it.
    private static readonly (int Offset, int Length)[] AddressParts = [(0, 0), (12, 3), (16, 4), (16, 4)];
    private static readonly (int Offset, int Length)[] DataParts = [(0, 0), (16, 2048), (24, 2048), (24, 2324)];

    [Fact]
    public void The_sample_has_the_content_that_its_authors_packed()
    {
        using ImageSample sample = ImageSample.Open("ecm/mirage2iso.iso.ecm.xz");
        Assert.Equal(["ecm", "raw"], sample.Stack.Layers.Select(layer => layer.Format.Id));
        Assert.Equal(
            "66a33efdc7b70e91e063037f18809447dbe432caae169c5b8551540a3bc2e137", ImageSample.Sha256(sample.Disk));
        RecordedCheck check = RecordedCheck.Run(sample.Image);
        Assert.Empty(check.Problems);
        Assert.Equal(["EDC of the whole"], check.Confirmed);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(40)]
    public void Sectors_of_PowerISO_come_out_as_they_were(int sectorsInRecord)
    {
        using SampleFiles files = new("cue/poweriso/01_poweriso_bin.bin.xz");
        byte[] disc = files.First.ReadBytes(0, 500 * SectorLength);
        using MemorySource file = new(Encode(disc, sectorsInRecord));
        AssertHolds(disc, file);
        using ImageStack stack = ImageStack.Open(new(file, "disc.bin.ecm", null, new BlockCache(1 << 20)), null);
        Assert.Equal(["ecm", "bin"], stack.Layers.Select(layer => layer.Format.Id));
        Assert.Equal("CD001"u8.ToArray(), stack.Innermost.Content.ReadBytes((16 * 2048) + 1, 5));
    }

    // Every sector of Mode 2 has its header in a record of its own.
    [Fact]
    public void Sectors_of_vcdxbuild_come_out_as_they_were()
    {
        using TemporaryFolder folder = new();
        VideoDisc.Make(folder);
        byte[] disc = File.ReadAllBytes(folder["v.bin"]);
        using MemorySource file = new(Encode(disc, 1));
        AssertHolds(disc, file);
        Assert.Contains(disc.Chunk(SectorLength), sector => (sector[18] & 0x20) != 0);
        Assert.Contains(disc.Chunk(SectorLength), sector => (sector[18] & 0x20) == 0);
    }

    [Fact]
    public void A_long_record_of_bytes_is_not_decoded()
    {
        byte[] image = new byte[200_000];
        new Random(1).NextBytes(image);
        byte[] encoded = Finish(new ByteWriter().Text("ECM").U8(0).Bytes(Header(0, image.Length)).Bytes(image), image);
        using MemorySource file = new(encoded);
        using DiskImage disk = Open(file);
        Assert.Equal(image, disk.Content.ReadBytes(0, image.Length));
        Assert.Equal(image.Length, disk.Content.GetExtent(0).Length);
    }

    [Fact]
    public void A_changed_byte_is_found_by_verify()
    {
        byte[] image = [.. Enumerable.Range(0, 5000).Select(i => (byte)i)];
        byte[] encoded = Finish(new ByteWriter().Text("ECM").U8(0).Bytes(Header(0, image.Length)).Bytes(image), image);
        encoded[1000] ^= 1;
        using MemorySource file = new(encoded);
        using DiskImage disk = Open(file);
        Assert.Contains("the EDC", Assert.Single(RecordedCheck.Run(disk).Problems).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ECM\u0001 and more", "version 1")]
    [InlineData("ECM\0", "cut off")]
    [InlineData("ECM\0\u0010hell", "the file ends before them")]
    [InlineData("ECM\0\u0010hello", "cut off")]
    [InlineData("ECM\0\u0080\u0080\u0080\u0080\u007f", "more than 32 bits")]
    public void What_is_wrong_is_said(string text, string message)
    {
        using MemorySource file = new(System.Text.Encoding.Latin1.GetBytes(text));
        IOException error = Assert.ThrowsAny<IOException>(
            () => ImageFormats.Open(new(file, "disc.ecm", null, new BlockCache(1 << 20)), null));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.StartsWith("ecm: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_behind_the_end_are_a_warning()
    {
        byte[] image = [1, 2, 3];
        byte[] encoded = Finish(new ByteWriter().Text("ECM").U8(0).Bytes(Header(0, 3)).Bytes(image), image);
        using MemorySource file = new((byte[])[.. encoded, 0, 0]);
        using DiskImage disk = Open(file);
        Assert.Contains("2 bytes follow", Assert.Single(disk.Warnings), StringComparison.Ordinal);
    }

    private static DiskImage Open(BlockSource file) =>
        EcmFormat.Open(new(file, "disc.ecm", null, new BlockCache(1 << 20)));

    private static void AssertHolds(byte[] disc, BlockSource file)
    {
        using DiskImage disk = Open(file);
        Assert.Equal(disc.Length, disk.Content.Length);
        Assert.Equal(disc, disk.Content.ReadBytes(0, disc.Length));
        Random random = new(1);
        for (int i = 0; i < 200; i++)
        {
            int offset = random.Next(disc.Length);
            int count = random.Next(Math.Min(10000, disc.Length - offset));
            Assert.Equal(disc[offset..(offset + count)], disk.Content.ReadBytes(offset, count));
        }

        SourceContract.ExtentsTile(disk.Content);
        Assert.Empty(RecordedCheck.Run(disk).Problems);
    }

    // Whole sectors in records of so many; what is before a sector of Mode 2 is in a record of bytes.
    private static byte[] Encode(byte[] disc, int sectorsInRecord)
    {
        ByteWriter file = new ByteWriter().Text("ECM").U8(0);
        for (int at = 0; at < disc.Length;)
        {
            int kind = disc[at + 15] == 1 ? 1 : (disc[at + 18] & 0x20) == 0 ? 2 : 3;
            int count = kind == 1 ? Math.Min(sectorsInRecord, (disc.Length - at) / SectorLength) : 1;
            if (kind != 1)
            {
                file.Bytes(Header(0, 16)).Bytes(disc.AsSpan(at, 16));
            }

            file.Bytes(Header(kind, count));
            for (int i = 0; i < count; i++, at += SectorLength)
            {
                ReadOnlySpan<byte> sector = disc.AsSpan(at, SectorLength);
                file.Bytes(sector.Slice(AddressParts[kind].Offset, AddressParts[kind].Length));
                file.Bytes(sector.Slice(DataParts[kind].Offset, DataParts[kind].Length));
            }
        }

        return Finish(file, disc);
    }

    private static byte[] Finish(ByteWriter file, byte[] image) =>
        file.U8(0xfc, 0xff, 0xff, 0xff, 0x3f).U32(Edc(image)).ToArray();

    private static byte[] Header(int kind, int count)
    {
        List<byte> header = [];
        uint left = (uint)count - 1;
        int next = kind | (int)(left & 31) << 2;
        left >>= 5;
        while (left != 0)
        {
            header.Add((byte)(next | 0x80));
            next = (int)(left & 127);
            left >>= 7;
        }

        return [.. header, (byte)next];
    }

    // Bit by bit, as ECMA-130 section 14.3 has it.
    private static uint Edc(byte[] bytes)
    {
        uint edc = 0;
        foreach (byte value in bytes)
        {
            edc ^= value;
            for (int bit = 0; bit < 8; bit++)
            {
                edc = (edc & 1) != 0 ? (edc >> 1) ^ 0xD8018001 : edc >> 1;
            }
        }

        return edc;
    }
}
