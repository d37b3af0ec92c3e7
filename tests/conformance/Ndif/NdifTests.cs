using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Builders;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Ndif;

/// <summary>Hand-made images: no program makes them here.</summary>
public sealed class NdifTests
{
    private const int SectorLength = 512;

    // Two sectors stored, two zero, one of ADC: a literal of one byte, and copies of it.
    private static readonly byte[] Adc = [0x80, 0x55, .. Enumerable.Repeat<byte[]>([0x7f, 0, 0], 7).SelectMany(b => b),
        0x40 | 38, 0, 0];

    [Fact]
    public void Chunks_in_a_macbinary_file_are_read() => AssertRead(MacBinary(Data(), Fork(0x83)), "disk.bin");

    [Fact]
    public void Chunks_in_an_applesingle_file_are_read()
    {
        byte[] data = Data();
        byte[] fork = Fork(0x83);
        ByteWriter file = new ByteWriter(isBigEndian: true).U32(0x00051600).U32(0x20000).Zeros(16).U16(2);
        file.U32(1).U32(50).U32(data.Length).U32(2).U32(50 + data.Length).U32(fork.Length).Bytes(data).Bytes(fork);
        AssertRead(file.ToArray(), "disk");
    }

    [Fact]
    public void A_resource_fork_beside_the_data_is_found()
    {
        using TemporaryFolder folder = new();
        byte[] fork = Fork(0x83);
        File.WriteAllBytes(folder["disk.img"], Data());
        File.WriteAllBytes(folder["._disk.img"], new ByteWriter(isBigEndian: true)
            .U32(0x00051607).U32(0x20000).Zeros(16).U16(1).U32(2).U32(38).U32(fork.Length).Bytes(fork).ToArray());
        using FolderFiles files = new(folder.Path, "disk.img");
        using DiskImage image = ImageFormats.Open(new(files.First, "disk.img", files, new BlockCache(1 << 20)), null);
        Assert.Equal("ndif", image.Format.Id);
        Assert.Equal(Expected(), image.Content.ReadBytes(0, (int)image.Content.Length));
    }

    [Theory]
    [InlineData(0x80, "KenCode")]
    [InlineData(0x82, "LZH")]
    [InlineData(0xf0, "StuffIt")]
    [InlineData(0x99, "type 0x99")]
    public void Other_compression_is_refused_by_name(byte type, string message)
    {
        using MemorySource file = new(MacBinary(Data(), Fork(type)));
        Assert.Contains(
            message,
            Assert.Throws<UnsupportedFeatureException>(() => Open(file, "disk.bin")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Truncated_or_changed_bytes_end_in_success_or_a_named_error()
    {
        using MemorySource file = new(MacBinary(Data(), Fork(0x83)));
        HostileInput.Try(file, source =>
        {
            using DiskImage image = Formats.Images.Ndif.NdifFormat.Open(
                new(source, "disk.bin", null, new BlockCache(1 << 20)));
            _ = image.Content.ReadBytes(0, (int)Math.Min(image.Content.Length, 1 << 20));
        });
    }

    private static DiskImage Open(BlockSource file, string name) =>
        ImageFormats.Open(new(file, name, null, new BlockCache(1 << 20)), null);

    private static void AssertRead(byte[] bytes, string name)
    {
        using MemorySource file = new(bytes);
        using DiskImage image = Open(file, name);
        Assert.Equal("ndif", image.Format.Id);
        Assert.Equal(Expected(), image.Content.ReadBytes(0, (int)image.Content.Length));
        SourceContract.ExtentsTile(image.Content);
        Assert.Contains(new("Disk", "Volume"), image.Details);
    }

    private static byte[] Expected() =>
        [.. Stored(), .. new byte[2 * SectorLength], .. Enumerable.Repeat((byte)0x55, SectorLength)];

    private static byte[] Stored()
    {
        byte[] stored = new byte[2 * SectorLength];
        new Random(4).NextBytes(stored);
        return stored;
    }

    // Chunk offsets count from byte 16 on.
    private static byte[] Data() => [.. new byte[16], .. Stored(), .. Adc];

    private static byte[] Fork(int type)
    {
        byte[] table = new ByteWriter(isBigEndian: true).U16(11).U16(1).U8(6).Text("Volume", 63).U32(5).U32(8).U32(16)
            .Zeros(124 - 80).U32(4)
            .U32((0 << 8) | 2).U32(0).U32(2 * SectorLength)
            .U32((2 << 8) | 0).U32(0).U32(0)
            .U32((4 << 8) | type).U32(2 * SectorLength).U32(Adc.Length)
            .U32((5 << 8) | 0xff).U32(0).U32(0).ToArray();

        // A map of one type with one resource: header, copy of it, offsets of the lists, the lists, no names.
        int map = 256 + 4 + table.Length;
        return new ByteWriter(isBigEndian: true).U32(256).U32(map).U32(4 + table.Length).U32(50).Zeros(240)
            .U32(table.Length).Bytes(table)
            .Zeros(24).U16(28).U16(50).U16(0).Text("bcem").U16(0).U16(10).U16(128).U16(0xffff).U32(0).U32(0)
            .ToArray();
    }

    private static byte[] MacBinary(byte[] data, byte[] fork)
    {
        byte[] head = new ByteWriter(isBigEndian: true).U8(0, 4).Text("disk", 63).Text("rohdddsk").PadTo(83)
            .U32(data.Length).U32(fork.Length).PadTo(122).U8(129, 129).ToArray();
        int crc = 0;
        foreach (byte value in head)
        {
            crc ^= value << 8;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = ((crc << 1) ^ ((crc & 0x8000) != 0 ? 0x1021 : 0)) & 0xffff;
            }
        }

        return new ByteWriter(isBigEndian: true).Bytes(head).U16(crc).U16(0).Bytes(data)
            .Zeros(-data.Length & 127).Bytes(fork).Zeros(-fork.Length & 127).ToArray();
    }
}
