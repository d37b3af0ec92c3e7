using System.IO.Compression;
using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Dax;
using Imaged.TestKit;
using Imaged.TestKit.Builders;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Dax;

/// <summary>Hand-made images: no program makes them here.</summary>
public sealed class DaxTests
{
    private const int DaxBlock = 8192;
    private const int JsoBlock = 2048;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Blocks_of_dax_are_read(int version)
    {
        byte[] image = MakeImage(DaxBlock);
        using MemorySource file = new(BuildDax(image, version));
        AssertHolds(image, file);
    }

    [Fact]
    public void Blocks_of_jso_are_read()
    {
        byte[] image = MakeImage(JsoBlock);
        using MemorySource file = new(BuildJso(image));
        AssertHolds(image, file);
    }

    [Theory]
    [InlineData(10, 0, "LZO")]
    [InlineData(10, 7, "method 7")]
    [InlineData(8, 1, "headers of blocks")]
    [InlineData(48, 0xff, "block 0")]
    [InlineData(15, 1, "does not fit")]
    public void What_jso_has_else_is_refused(int at, byte value, string message)
    {
        byte[] bytes = BuildJso(MakeImage(JsoBlock));
        bytes[at] = value;
        AssertRefused(bytes, message);
    }

    [Theory]
    [InlineData(8, 2, "version 2")]
    [InlineData(12, 9, "9 areas")]
    [InlineData(35, 9, "block 0")]
    [InlineData(56, 9, "an area has 1 blocks from 9 on, of 4")]
    public void What_dax_has_else_is_refused(int at, byte value, string message)
    {
        byte[] bytes = BuildDax(MakeImage(DaxBlock), 1);
        bytes[at] = value;
        AssertRefused(bytes, message);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Truncated_or_changed_bytes_end_in_success_or_a_named_error(bool isDax)
    {
        using MemorySource file = new(isDax ? BuildDax(MakeImage(DaxBlock), 1) : BuildJso(MakeImage(JsoBlock)));
        HostileInput.Try(file, source =>
        {
            using DiskImage disk = Open(source);
            _ = disk.Content.ReadBytes(0, (int)Math.Min(disk.Content.Length, 1 << 20));
        });
    }

    private static DiskImage Open(BlockSource file) =>
        DaxFormat.Open(new(file, "disc.dax", null, new BlockCache(1 << 20)));

    private static void AssertRefused(byte[] bytes, string message)
    {
        using MemorySource file = new(bytes);
        IOException error = Assert.ThrowsAny<IOException>(() => Open(file));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    private static void AssertHolds(byte[] image, BlockSource file)
    {
        using ImageStack stack = ImageStack.Open(new(file, "disc.dax", null, new BlockCache(1 << 20)), null);
        Assert.Equal(["dax", "raw"], stack.Layers.Select(layer => layer.Format.Id));
        Assert.Equal(image, stack.Innermost.Content.ReadBytes(0, image.Length));
        Assert.Equal(image.Length, stack.Innermost.Content.Length);
        SourceContract.ExtentsTile(stack.Innermost.Content);
    }

    // The second block cannot be compressed; the last one is short.
    private static byte[] MakeImage(int block)
    {
        byte[] image = new byte[(3 * block) + 512];
        new Random(3).NextBytes(image.AsSpan(block, block));
        image.AsSpan(2 * block).Fill(7);
        return image;
    }

    private static byte[] BuildDax(byte[] image, int version)
    {
        byte[][] blocks = [.. image.Chunk(DaxBlock)
            .Select((block, i) => i == 1 && version == 1 ? block : Zlib(block))];
        ByteWriter file = new ByteWriter().Text("DAX").U8(0).U32(image.Length).U32(version).U32(version).Zeros(16);
        int offset = file.Length + (6 * blocks.Length) + (8 * version);
        foreach (byte[] block in blocks)
        {
            file.U32(offset);
            offset += block.Length;
        }

        foreach (byte[] block in blocks)
        {
            file.U16(block.Length);
        }

        if (version == 1)
        {
            file.U32(1).U32(1);
        }

        return file.Bytes([.. blocks.SelectMany(block => block)]).ToArray();
    }

    private static byte[] BuildJso(byte[] image)
    {
        byte[][] blocks = [.. image.Chunk(JsoBlock).Select((block, i) => i == 1 ? block : Zlib(block)[2..])];
        ByteWriter file = new ByteWriter().Text("JISO").U8(3, 1).U16(JsoBlock).U8(0, 0, 1, 0).U32(image.Length)
            .Zeros(16).U32(48).PadTo(48);
        int offset = 48 + (4 * (blocks.Length + 1));
        foreach (byte[] block in blocks)
        {
            file.U32(offset);
            offset += block.Length;
        }

        return file.U32(offset).Bytes([.. blocks.SelectMany(block => block)]).ToArray();
    }

    private static byte[] Zlib(byte[] block)
    {
        using MemoryStream stream = new();
        using (ZLibStream zlib = new(stream, CompressionLevel.Optimal, leaveOpen: true))
        {
            zlib.Write(block);
        }

        return stream.ToArray();
    }
}
