using System.Buffers.Binary;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Bochs;

/// <summary>A sample, and disks made of it, which qemu-img reads as well.</summary>
public sealed class BochsTests
{
    [Fact]
    public void Content_is_what_qemu_img_decodes()
    {
        using ImageSample sample = ImageSample.Open("bochs/qemu-empty.bochs.bz2");
        Assert.Equal("bochs", sample.Image.Format.Id);
        Assert.Equal(
            "85e614bc2ef17bec493b849dbeea34687ba52d7b1fedc4e5fc3729b0fb059aad", ImageSample.Sha256(sample.Disk));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Written_sectors_are_read_as_qemu_img_reads_them(int version)
    {
        Requires.Tool("qemu-img");
        using SampleFiles empty = new("bochs/qemu-empty.bochs.bz2");
        using TemporaryFolder folder = new();
        using (MemoryStream file = new())
        {
            file.Write(empty.First.ReadBytes(0, (int)empty.First.Length));
            Random random = new(version);

            // Extents of one sector of bitmap and eight of data, in another order than the disk has them.
            int[] order = [.. Enumerable.Range(0, 200).OrderBy(_ => random.Next())];
            for (int i = 0; i < order.Length; i++)
            {
                byte[] extent = new byte[512 + 4096];
                random.NextBytes(extent.AsSpan(512));
                extent[0] = (byte)random.Next(256);
                file.Write(extent);
            }

            byte[] bytes = file.ToArray();
            for (int i = 0; i < order.Length; i++)
            {
                BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(512 + (order[i] * 4)), i);
            }

            if (version == 1)
            {
                BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(64), 0x10000);
                BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(84), 1032192);
            }

            File.WriteAllBytes(folder["disk.bochs"], bytes);
        }

        QemuImage.AssertSame(folder, "disk.bochs", "bochs", "bochs", hasMap: false);
    }

    [Fact]
    public void Other_kinds_than_growing_disks_are_refused_by_name()
    {
        using SampleFiles files = new("bochs/qemu-empty.bochs.bz2");
        byte[] bytes = files.First.ReadBytes(0, (int)files.First.Length);
        "Undoable"u8.CopyTo(bytes.AsSpan(48));
        UnsupportedFeatureException error = Assert.Throws<UnsupportedFeatureException>(
            () => ImageSample.Open("bochs/qemu-empty.bochs.bz2", first: new Blocks.MemorySource(bytes)));
        Assert.Contains("Undoable", error.Feature, StringComparison.Ordinal);
    }
}
