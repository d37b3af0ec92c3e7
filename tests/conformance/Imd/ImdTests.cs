using Imaged.Conformance.Floppy;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Builders;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Imd;

/// <summary>The contract of images, for IMD.</summary>
public sealed class ImdContractTests : ImageContract
{
    protected override string Sample => "floppy/a2kit-msdos.imd";

    protected override string Format => "imd";
}

/// <summary>Images of other programs, and hand-made ones.</summary>
public sealed class ImdTests
{
    [Theory]
    [InlineData(
        "floppy/fluxfox-sector_test_360k.imd", "0e61e0e0a01d799f87566621a96882d1020b6e9445af0096949a03e31d457668")]
    [InlineData(
        "floppy/floppytool-720k/720k.imd.xz", "4394fc3f1e592c54177de176dade6ea42ea7836db07ba22c65ad39a89dac8742")]
    [InlineData(
        "floppy/a2kit-msdos.imd", "0ccb134ab0897de26f4473ee670405cbc34cc0b46db3b09358b065f90d400acb")]
    public void Samples_have_the_content_of_their_disks(string name, string sha256)
    {
        using ImageSample sample = ImageSample.Open(name);
        Assert.Equal(["imd"], sample.Stack.Layers.Select(layer => layer.Format.Id));
        Assert.Equal(sha256, ImageSample.Sha256(sample.Disk));
        Assert.Empty(sample.Image.Warnings);
    }

    [Theory]
    [InlineData("ibm360", 360)]
    [InlineData("ibm720", 720)]
    [InlineData("ibm1440", 1440)]
    [InlineData("ibm1200", 1200)]
    public void Images_of_dsktrans_are_read(string layout, int kibibytes)
    {
        (byte[] volume, byte[] image) = FloppyTools.Make(layout, kibibytes, "imd");
        (byte[] content, string[] warnings) = FloppyTools.Read(image);
        Assert.Equal(volume, content);
        Assert.Empty(warnings);
    }

    // Three tracks of four sectors from 5 on, out of order, with maps; of the second one a sector is missing, of the
    // third one there is one more.
    [Fact]
    public void Sectors_are_put_in_order_and_what_is_odd_is_said()
    {
        ByteWriter file = Begin();
        file.U8(5, 0, 0, 4, 0).U8(5, 7, 6, 8);
        Sectors(file, (2, 10), (4, 11), (6, 12), (8, 13));
        file.U8(5, 0, 1 | 0xc0, 3, 0).U8(5, 8, 6).U8(9, 9, 9).U8(1, 1, 1);
        Sectors(file, (1, 20), (2, 21), (3, 22));
        file.U8(5, 1, 0, 5, 0xff).U8(5, 6, 7, 8, 99).U16(128).U16(128).U16(128).U16(128).U16(128);
        Sectors(file, (2, 30), (0, 0), (2, 31), (2, 32), (2, 33));
        (byte[] content, string[] warnings) = FloppyTools.Read(file.ToArray());
        int[] expected = [10, 12, 11, 13, 20, 22, 0, 21, 30, 0, 31, 32, 0, 0, 0, 0];
        Assert.Equal(expected.SelectMany(value => Enumerable.Repeat((byte)value, 128)), content);
        string[] begins =
        [
            "sectors not in the image, and read as zero: 6, the first one is cylinder 0, head 1, sector 7",
            "sectors marked as bad: 2, the first one is cylinder 0, head 0, sector 6",
            "sectors marked as deleted: 3, the first one is cylinder 0, head 0, sector 7",
            "sectors beside those of other tracks, and left out: 1, the first one is cylinder 1, head 0, sector 99",
        ];
        Assert.Equal(begins.Order(), warnings.Order());
    }

    [Fact]
    public void Sectors_of_several_lengths_are_refused_by_name()
    {
        ByteWriter file = Begin();
        Sectors(file.U8(5, 0, 0, 1, 0).U8(1), (2, 0));
        file.U8(5, 1, 0, 1, 1).U8(1).U8(2, 0);
        Assert.Contains(
            "sectors of 128 and of 256 bytes",
            Assert.Throws<UnsupportedFeatureException>(() => FloppyTools.Read(file.ToArray())).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new byte[] { 9, 0, 0, 1, 0, 1, 2, 0 }, "mode 9")]
    [InlineData(new byte[] { 5, 0, 5, 1, 0, 1, 2, 0 }, "head 5")]
    [InlineData(new byte[] { 5, 0, 0, 1, 7, 1, 2, 0 }, "size 7")]
    [InlineData(new byte[] { 5, 0, 0, 1, 0, 1, 9, 0 }, "type 9")]
    [InlineData(new byte[] { 5, 0, 0, 1, 0, 1, 1, 0 }, "cut off")]
    [InlineData(new byte[] { }, "no sectors")]
    public void What_is_wrong_is_said(byte[] track, string message) => Assert.Contains(
        message,
        Assert.Throws<ImageFormatException>(() => FloppyTools.Read(Begin().Bytes(track).ToArray())).Message,
        StringComparison.Ordinal);

    private static ByteWriter Begin() => new ByteWriter().Text("IMD 1.18: 01/01/2026 00:00:00\r\nA comment").U8(0x1a);

    // Of 128 bytes; odd types have all of them.
    private static void Sectors(ByteWriter file, params (int Type, int Value)[] sectors)
    {
        foreach ((int type, int value) in sectors)
        {
            file.U8(type).Bytes([.. Enumerable.Repeat((byte)value, type == 0 ? 0 : type % 2 == 1 ? 128 : 1)]);
        }
    }
}
