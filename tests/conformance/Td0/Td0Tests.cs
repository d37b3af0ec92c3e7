using Imaged.Conformance.Floppy;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Builders;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Td0;

/// <summary>The contract of images, for an image with advanced compression.</summary>
public sealed class Td0ContractTests : ImageContract
{
    protected override string Sample => "floppy/fluxfox-sector_test_360k.td0";

    protected override string Format => "td0";
}

/// <summary>Images of Teledisk and other programs, and hand-made ones.</summary>
public sealed class Td0Tests
{
    [Theory]
    [InlineData(
        "floppy/fluxfox-sector_test_360k.td0", "0e61e0e0a01d799f87566621a96882d1020b6e9445af0096949a03e31d457668")]
    [InlineData(
        "floppy/floppytool-720k/720k.td0.xz", "4394fc3f1e592c54177de176dade6ea42ea7836db07ba22c65ad39a89dac8742")]
    public void Samples_have_the_content_of_their_disks(string name, string sha256)
    {
        using ImageSample sample = ImageSample.Open(name);
        Assert.Equal(["td0"], sample.Stack.Layers.Select(layer => layer.Format.Id));
        Assert.Equal(sha256, ImageSample.Sha256(sample.Disk));
        Assert.Empty(sample.Image.Warnings);
    }

    [Theory]
    [InlineData("ibm360", 360)]
    [InlineData("ibm720", 720)]
    [InlineData("ibm1440", 1440)]
    public void Images_of_dsktrans_are_read(string layout, int kibibytes)
    {
        (byte[] volume, byte[] image) = FloppyTools.Make(layout, kibibytes, "tele");
        (byte[] content, string[] warnings) = FloppyTools.Read(image);
        Assert.Equal(volume, content);
        Assert.Empty(warnings);
    }

    [Fact]
    public void Sectors_are_put_in_order_and_what_is_odd_is_said()
    {
        ByteWriter file = new ByteWriter().Bytes(Header("TD", 0, 15)).Bytes(Track(0, 0, 5));
        file.Bytes(Sector(3, 0, [0, .. Enumerable.Range(0, 128).Select(i => (byte)i)]));
        file.Bytes(Sector(1, 2, [1, 64, 0, 7, 7]));
        file.Bytes(Sector(2, 4, [2, 0, 2, 8, 8, 1, 63, 8, 8]));
        file.Bytes(Sector(4, 0x10, []));
        file.Bytes(Sector(100, 0x40, [1, 64, 0, 9, 9]));
        file.Bytes(Track(1, 0, 3)).Bytes(Sector(1, 0x20, []));
        file.Bytes(Sector(2, 0, [1, 64, 0, 6, 6], damage: 1));
        file.Bytes(Sector(4, 0, [1, 32, 0, 1, 1, 1, 0, 2, 3, 31, 0, 4, 4])).U8(0xff);
        (byte[] content, string[] warnings) = FloppyTools.Read(file.ToArray());
        byte[] expected =
        [
            .. Enumerable.Repeat((byte)7, 128), .. Enumerable.Repeat((byte)8, 128),
            .. Enumerable.Range(0, 128).Select(i => (byte)i), .. new byte[128 + 128],
            .. Enumerable.Repeat((byte)6, 128), .. new byte[128],
            .. Enumerable.Repeat((byte)1, 64), 2, 3, .. Enumerable.Repeat((byte)4, 62),
        ];
        Assert.Equal(expected, content);
        string[] texts =
        [
            "sectors left out as the file system did not use them, and read as zero: 1, the first one is cylinder 0, "
                + "head 0, sector 4",
            "sectors marked as bad: 2, the first one is cylinder 0, head 0, sector 1",
            "sectors marked as deleted: 1, the first one is cylinder 0, head 0, sector 2",
            "sectors not in the image, and read as zero: 2, the first one is cylinder 1, head 0, sector 1",
        ];
        Assert.Equal(texts.Order(), warnings.Order());
    }

    [Fact]
    public void What_is_not_supported_is_refused_by_name()
    {
        AssertRefused<UnsupportedFeatureException>(Header("td", 0, 15), "advanced compression of version 1.5");
        AssertRefused<UnsupportedFeatureException>(Header("TD", 1, 21), "several files");
        AssertRefused<ImageFormatException>([.. Header("TD", 0, 21), 1], "cut off");
        AssertRefused<ImageFormatException>([.. Header("TD", 0, 21), 0xff], "no sectors");
        byte[] track = Track(0, 0, 1);
        track[1] ^= 1;
        AssertRefused<ImageFormatException>([.. Header("TD", 0, 21), .. track], "checksum of a track");
        AssertRefused<ImageFormatException>(
            [.. Header("TD", 0, 21), .. Track(0, 0, 1), .. Sector(1, 0, [1, 65, 0, 1, 1]), 0xff], "is damaged");
    }

    private static void AssertRefused<T>(byte[] bytes, string message)
        where T : Exception => Assert.Contains(
            message, Assert.Throws<T>(() => FloppyTools.Read(bytes)).Message, StringComparison.Ordinal);

    private static byte[] Header(string magic, int volume, int version)
    {
        byte[] header = new ByteWriter().Text(magic).U8(volume, 0, version, 0, 1, 0, 0, 1).ToArray();
        return new ByteWriter().Bytes(header).U16(Crc(header)).ToArray();
    }

    private static byte[] Track(int cylinder, int head, int count)
    {
        byte[] header = [(byte)count, (byte)cylinder, (byte)head];
        return [.. header, (byte)Crc(header)];
    }

    // Of 128 bytes. The checksum is that of what it decodes to, which is what the data says by itself.
    private static byte[] Sector(int number, int flags, byte[] data, int damage = 0)
    {
        byte check = data.Length == 0 ? (byte)0 : (byte)(Crc(Expand(data)) ^ damage);
        ByteWriter sector = new ByteWriter().U8(0, 0, number, 0, flags, check);
        return data.Length == 0 ? sector.ToArray() : sector.U16(data.Length).Bytes(data).ToArray();
    }

    private static byte[] Expand(byte[] data)
    {
        List<byte> all = [];
        for (int at = 1; at < data.Length;)
        {
            (int length, int times, int from) = data[0] switch
            {
                0 => (data.Length - 1, 1, 1),
                1 => (2, data[at] + (256 * data[at + 1]), at + 2),
                _ => data[at] == 0 ? (data[at + 1], 1, at + 2) : (2 * data[at], data[at + 1], at + 2),
            };
            for (int i = 0; i < times; i++)
            {
                all.AddRange(data[from..(from + length)]);
            }

            at = from + length;
        }

        return [.. all];
    }

    // Bit by bit: polynomial 0xA097.
    private static int Crc(byte[] bytes)
    {
        int crc = 0;
        foreach (byte value in bytes)
        {
            crc ^= value << 8;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 0x8000) != 0 ? ((crc << 1) ^ 0xa097) & 0xffff : crc << 1;
            }
        }

        return crc;
    }
}
