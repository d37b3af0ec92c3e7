using System.Buffers.Binary;
using System.IO.Compression;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Cso;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Cso;

/// <summary>The contract of images, for CSO.</summary>
public sealed class CsoContractTests : ImageContract
{
    protected override string Sample => "cso/cube.cso";

    protected override string Format => "cso";
}

/// <summary>Images of others, and hand-made ones.</summary>
public sealed class CsoTests
{
    private const int BlockLength = 2048;
    private const int Shift = 3;

    [Theory]
    [InlineData("cso/mirage2iso.cso", "66a33efdc7b70e91e063037f18809447dbe432caae169c5b8551540a3bc2e137")]
    [InlineData("cso/cube.cso", "24d3aeaaa9b8af83cf0e7767c2dafd10a4ac52369e7f4b9aac084d2c82d413af")]
    [InlineData("cso/igir-UMD.cso", "a55e451a8d4505af37f2e789385f555e48ea403eaec9dc8061b826af79305be2")]
    [InlineData("cso/igir-UMD.zso", "a55e451a8d4505af37f2e789385f555e48ea403eaec9dc8061b826af79305be2")]
    public void Samples_have_the_content_that_went_in(string name, string sha256)
    {
        using ImageSample sample = ImageSample.Open(name);
        Assert.Equal("cso", sample.Image.Format.Id);
        Assert.Equal(sha256, ImageSample.Sha256(sample.Image.Content));
    }

    [Theory]
    [InlineData("CISO", 1)]
    [InlineData("CISO", 2)]
    [InlineData("ZISO", 1)]
    public void Blocks_of_all_kinds_are_read(string signature, int version)
    {
        Requires.Tool("lz4");
        byte[] image = new byte[(3 * BlockLength) + 512];
        new Random(3).NextBytes(image.AsSpan(BlockLength, BlockLength));
        image.AsSpan(2 * BlockLength).Fill(7);
        using MemorySource file = new(Build(image, signature, version));
        using DiskImage disk = CsoFormat.Open(new(file, "disc.cso", null, new BlockCache(1 << 20)));
        Assert.Equal(image, disk.Content.ReadBytes(0, image.Length));
        SourceContract.ExtentsTile(disk.Content);
    }

    // Block 1 is stored; of version 2 the first one is deflate and the others are LZ4.
    private static byte[] Build(byte[] image, string signature, int version)
    {
        byte[][] blocks = [.. image.Chunk(BlockLength)];
        byte[] head = new byte[24 + (4 * (blocks.Length + 1))];
        System.Text.Encoding.ASCII.GetBytes(signature).CopyTo(head, 0);
        BinaryPrimitives.WriteInt64LittleEndian(head.AsSpan(8), image.Length);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(16), BlockLength);
        head[20] = (byte)version;
        head[21] = Shift;
        List<byte> all = [.. head];
        for (int i = 0; i <= blocks.Length; i++)
        {
            all.AddRange(new byte[-all.Count & ((1 << Shift) - 1)]);
            uint entry = (uint)all.Count >> Shift;
            if (i < blocks.Length)
            {
                bool isLz4 = signature == "ZISO" || (version == 2 && i > 1);
                all.AddRange(i == 1 ? blocks[i] : isLz4 ? Lz4(blocks[i]) : Deflate(blocks[i]));
                bool isMarked = version == 2 ? isLz4 : i == 1;
                entry |= isMarked ? 0x80000000 : 0;
            }

            BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(24 + (4 * i)), entry);
        }

        return [.. head, .. all.Skip(head.Length)];
    }

    private static byte[] Deflate(byte[] block)
    {
        using MemoryStream stream = new();
        using (DeflateStream deflate = new(stream, CompressionLevel.Optimal, leaveOpen: true))
        {
            deflate.Write(block);
        }

        return stream.ToArray();
    }

    // The only block of a frame: behind a header of 7 bytes and its length.
    private static byte[] Lz4(byte[] block)
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["block"], block);
        byte[] frame = Tool.Run("lz4", "-c", "-9", folder["block"]).Output;
        return frame[11..(11 + BinaryPrimitives.ReadInt32LittleEndian(frame.AsSpan(7)))];
    }
}
