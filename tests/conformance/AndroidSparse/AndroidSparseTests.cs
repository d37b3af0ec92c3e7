using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.AndroidSparse;

/// <summary>A sample, and images that img2simg makes and simg2img reads.</summary>
public sealed class AndroidSparseTests
{
    [Fact]
    public void Content_is_what_simg2img_decodes()
    {
        using ImageSample sample = ImageSample.Open("androidsparse/kaitai-fill.img");
        Assert.Equal("androidsparse", sample.Image.Format.Id);
        Assert.Equal(
            "ad7facb2586fc6e966c004d7d1d16b024f5805ff7cb47c7a85dabd8b48892ca7", ImageSample.Sha256(sample.Disk));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1024")]
    [InlineData("65536")]
    public void Images_of_img2simg_are_read_as_simg2img_reads_them(string blockSize)
    {
        Requires.Tool("img2simg", "simg2img");
        using TemporaryFolder folder = new();
        QemuImage.MakeRaw(folder["raw"], 12 << 20, 6);
        Tool.Shell($"cd {folder.Path}; img2simg raw disk.simg {blockSize}; simg2img disk.simg decoded");
        byte[] expected = File.ReadAllBytes(folder["decoded"]);
        Assert.Equal(File.ReadAllBytes(folder["raw"]), expected);
        using FolderFiles files = new(folder.Path, "disk.simg");
        using DiskImage image = QemuImage.Open(files, "disk.simg");
        Assert.Equal("androidsparse", image.Format.Id);
        Assert.Equal(expected, image.Content.ReadBytes(0, expected.Length));
        SourceContract.ExtentsTile(image.Content);
        Random random = new(5);
        for (int i = 0; i < 500; i++)
        {
            int offset = random.Next(expected.Length);
            int count = random.Next(Math.Min(expected.Length - offset, 9000) + 1);
            Assert.Equal(expected[offset..(offset + count)], image.Content.ReadBytes(offset, count));
        }
    }

    [Fact]
    public void A_chunk_of_a_checksum_or_of_nothing_covers_nothing_and_the_rest_is_not_stored()
    {
        byte[] image = new byte[28 + 16 + 12 + 12 + 4096];
        uint[] fields = [0xed26ff3a, 1, 28 | (12 << 16), 4096, 5, 3, 0];
        for (int i = 0; i < fields.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(i * 4), fields[i]);
        }

        uint[] chunks = [0xcac4, 0, 16, 0x12345678, 0xcac3, 2, 12, 0xcac1, 1, 12 + 4096];
        for (int i = 0; i < chunks.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(28 + (i * 4)), chunks[i]);
        }

        image.AsSpan(28 + 40).Fill(9);
        using MemorySource file = new(image);
        using DiskImage disk =
            Formats.ImageFormats.Open(new ImageOpener(file, "x", null, new BlockCache(1 << 20)), null);
        Assert.Equal(new Extent(0, 8192, ExtentKind.Unallocated), disk.Content.GetExtent(0));
        Assert.Equal(new Extent(12288, 8192, ExtentKind.Unallocated), disk.Content.GetExtent(12288));
        byte[] expected = new byte[5 * 4096];
        expected.AsSpan(8192, 4096).Fill(9);
        Assert.Equal(expected, disk.Content.ReadBytes(0, expected.Length));
    }
}
