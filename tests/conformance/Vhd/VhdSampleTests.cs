using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Vhd;

/// <summary>The samples, against what qemu-img and The Sleuth Kit with libvhdi decode.</summary>
public sealed class VhdSampleTests
{
    [Theory]
    [InlineData("dfvfs-ext2.vhd.xz", "870be7ae16c1fa8faab05c6eb9205dc9a7ae35c5f552c5cf8a267c0bc6a5cb99")]
    [InlineData("differential/image.vhd.xz", "c6db12a7db548e193c29420c1b4533e4708b20c5033db5cc29ef075d48316d25")]
    [InlineData("ronin-fixed.vhd.xz", "79f45ff4dce008350fe8cf6463e3c35c3fb93e2ac4ee20bb1483439f63658b1f")]
    [InlineData("macpacker.vhd.xz", "9d23061c68aec75ca52517db1fc70631a856ba20d2ccb88698aac81babaa6a65")]
    public void Content_is_what_other_tools_decode(string name, string expected)
    {
        using ImageSample sample = ImageSample.Open("vhd/" + name);
        Assert.Equal("vhd", sample.Image.Format.Id);
        Assert.Equal(expected, ImageSample.Sha256(sample.Disk));
    }

    [Fact]
    public void A_large_disk_of_hyper_v_is_what_qemu_img_decodes()
    {
        using ImageSample sample = ImageSample.Open("vhd/qemu-hyperv2012r2.vhd.bz2");
        Assert.Equal(136365211648, sample.Disk.Length);
        Assert.Equal(
            "3b6a07d0d404fab4e23b6d34bc6696a6a312dd92821332385e5af7c01c421351",
            ImageSample.Sha256(sample.Disk, 67108864));
    }

    [Fact]
    public void A_disk_of_no_bytes_is_opened()
    {
        using ImageSample sample = ImageSample.Open("vhd/mime-disk.vhd");
        Assert.Equal(0, sample.Disk.Length);
    }

    [Fact]
    public void A_fuzzed_header_is_refused() =>
        Assert.Throws<ImageFormatException>(() => ImageSample.Open("vhd/qemu-afl5.img.bz2"));

    [Fact]
    public void A_differencing_disk_is_read_over_its_parent()
    {
        using ImageSample parent = ImageSample.Open("vhd/differential/image.vhd.xz");
        using ImageSample child = ImageSample.Open("vhd/differential/image-differential.vhd.xz");
        Assert.Equal(["image-differential.vhd", "image.vhd"], child.Files.Opened.Select(file => file.Name));
        Assert.Equal(parent.Disk.Length, child.Disk.Length);
        SourceCounts(child.Disk, out long own, out long parents);
        Assert.Equal(child.Disk.Length, own + parents);
        byte[] below = parent.Disk.ReadBytes(0, (int)parent.Disk.Length);
        byte[] above = child.Disk.ReadBytes(0, (int)child.Disk.Length);
        for (long offset = 0; offset < child.Disk.Length;)
        {
            Extent extent = child.Disk.GetExtent(offset);
            if (extent.Host is not { FileIndex: 0 })
            {
                Assert.Equal(below[(int)offset..(int)extent.End], above[(int)offset..(int)extent.End]);
            }

            offset = extent.End;
        }
    }

    [Theory]
    [MemberData(nameof(MkimgSamples.Of), "vhd", MemberType = typeof(MkimgSamples))]
    public void Partitioned_disks_of_mkimg_are_what_qemu_img_decodes(string name, string expected, long length)
    {
        using ImageSample sample = ImageSample.Open(name);
        Assert.Equal("vhd", sample.Image.Format.Id);
        Assert.Equal(length, sample.Disk.Length);
        Assert.Equal(expected, ImageSample.Sha256(sample.Disk));
    }

    // qemu-img takes the disk to be as long as its geometry and so loses the backup of a GPT; the footer's size, which
    // mkimg means, has a few sectors more.
    [Theory]
    [MemberData(nameof(MkimgSamples.Of), "vhdf", MemberType = typeof(MkimgSamples))]
    public void Fixed_disks_of_mkimg_begin_as_qemu_img_decodes_them(string name, string expected, long length)
    {
        using ImageSample sample = ImageSample.Open(name);
        Assert.Equal("vhd", sample.Image.Format.Id);
        Assert.Equal(sample.Files.Opened[0].Length - 512, sample.Disk.Length);
        Assert.Equal(expected, ImageSample.Sha256(sample.Disk, length));
        Assert.Equal(new Extent(0, sample.Disk.Length, ExtentKind.Data, new HostRange(0, 0)), sample.Disk.GetExtent(0));
    }

    private static void SourceCounts(BlockSource disk, out long own, out long parents)
    {
        (own, parents) = (0, 0);
        for (long offset = 0; offset < disk.Length;)
        {
            Extent extent = disk.GetExtent(offset);
            if (extent.Host is { FileIndex: 0 })
            {
                own += extent.Length;
            }
            else
            {
                parents += extent.Length;
            }

            offset = extent.End;
        }

        Assert.NotEqual(0, own);
    }
}
