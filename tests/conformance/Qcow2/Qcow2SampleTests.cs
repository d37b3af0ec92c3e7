using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Qcow2;

/// <summary>The samples, against what qemu-img decodes.</summary>
public sealed class Qcow2SampleTests
{
    [Theory]
    [InlineData("dfvfs-ext2.qcow2.xz", "a6c2f0e39afe6c6ab432ca5465349fcefe8dc944398e97b2d957d3f89dbb5d80")]
    [InlineData("plaso-image.qcow2.xz", "a9c0220b1dadd1812fc4bbe137f495d2c3b88c7b33b5a4de545d201fd31b3bc0")]
    [InlineData("vasi-test.qcow2.xz", "a3ffecd2207bd29b9d1b4c59fc4ff68f24c9242b62b3a813417cb7d0c670e3fc")]
    [InlineData("macpacker.qcow2.xz", "71277c34db5b49b2fe29249f7ffd40b75c1c2a6650ebeeb9d3862dcc85592f62")]
    [InlineData("qemu-x86_64.iso.qcow2", "274cc137b85be86273c4dd027f8ee15e9e7f4a62c97ed9d60d0f56fd2c6c3015")]
    public void Content_is_what_qemu_img_decodes(string name, string expected)
    {
        using ImageSample sample = ImageSample.Open("qcow2/" + name);
        Assert.Equal("qcow2", sample.Image.Format.Id);
        Assert.Equal(expected, ImageSample.Sha256(sample.Disk));
    }

    [Fact]
    public void A_disk_of_no_bytes_is_opened()
    {
        using ImageSample sample = ImageSample.Open("qcow2/mime-disk.qcow2");
        Assert.Equal("qcow2", sample.Image.Format.Id);
        Assert.Equal(0, sample.Disk.Length);
    }

    [Fact]
    public void A_header_without_the_rest_is_refused()
    {
        ImageFormatException error = Assert.Throws<ImageFormatException>(
            () => ImageSample.Open("qcow/binwalk-header.qcow"));
        Assert.Equal("qcow2", error.Format);
    }

    [Theory]
    [MemberData(nameof(MkimgSamples.Of), "qcow2", MemberType = typeof(MkimgSamples))]
    public void Partitioned_disks_of_mkimg_are_what_qemu_img_decodes(string name, string expected, long length)
    {
        using ImageSample sample = ImageSample.Open(name);
        Assert.Equal("qcow2", sample.Image.Format.Id);
        Assert.Equal(length, sample.Disk.Length);
        Assert.Equal(expected, ImageSample.Sha256(sample.Disk));
    }
}
