using Imaged.Blocks;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Vmdk;

/// <summary>The samples, against what qemu-img decodes.</summary>
public sealed class VmdkSampleTests
{
    [Theory]
    [InlineData("dfvfs-ext2.vmdk", "a6c2f0e39afe6c6ab432ca5465349fcefe8dc944398e97b2d957d3f89dbb5d80")]
    [InlineData("plaso-image.vmdk", "854c3db1c4a07a241e2ed9fbd8892adf2adc662c7862a75deed26f3483f414c9")]
    [InlineData("msh331-monolith.vmdk", "de2f256064a0af797747c2b97505dc0b9f3df0de4f489eac731c23ae9ca9cc31")]
    [InlineData("msh331-stream.vmdk", "de2f256064a0af797747c2b97505dc0b9f3df0de4f489eac731c23ae9ca9cc31")]
    [InlineData("sf-streamOptimized.vmdk.xz", "a3bcf05f07a1c06a3380eeca8571f0efb2b85afafa1e21662b8cad436d1f7727")]
    [InlineData("sf-monolithicSparse.vmdk.xz", "a3bcf05f07a1c06a3380eeca8571f0efb2b85afafa1e21662b8cad436d1f7727")]
    [InlineData("macpacker.vmdk.xz", "71277c34db5b49b2fe29249f7ffd40b75c1c2a6650ebeeb9d3862dcc85592f62")]
    [InlineData("sf-vmfs/vmfs_thick.vmdk", "8d43c795d24bce01b49f92744f934c1072210dcac170bb1c83a5aa56df46ab7d")]
    [InlineData("ronin-flat/flat.vmdk", "30e14955ebf1352266dc2ff8067e68104607e750abb9d3b36582b8af909fcb58")]
    public void Content_is_what_qemu_img_decodes(string name, string expected)
    {
        using ImageSample sample = ImageSample.Open("vmdk/" + name);
        Assert.Equal("vmdk", sample.Image.Format.Id);
        Assert.Empty(sample.Image.Warnings);
        Assert.Equal(expected, ImageSample.Sha256(sample.Disk));
    }

    [Fact]
    public void A_stream_of_version_3_is_what_qemu_img_decodes()
    {
        using ImageSample sample = ImageSample.Open("vmdk/qemu-version3.vmdk.bz2");
        Assert.Equal(17179869184, sample.Disk.Length);
        Assert.Equal(
            "e7b0f2a0ec4c2445cc3bf8f1c4319db4522b9dce116d960f1fa86971e0226d8f",
            ImageSample.Sha256(sample.Disk, 67108864));
    }

    [Theory]
    [InlineData("sf-vmfs/vmfs_thick.vmdk")]
    [InlineData("ronin-flat/flat.vmdk")]
    public void A_flat_disk_is_one_run_of_its_extent(string name)
    {
        using ImageSample sample = ImageSample.Open("vmdk/" + name);
        Assert.Equal(new Extent(0, sample.Disk.Length, ExtentKind.Data, new HostRange(1, 0)), sample.Disk.GetExtent(0));
    }

    [Theory]
    [MemberData(nameof(MkimgSamples.Of), "vmdk", MemberType = typeof(MkimgSamples))]
    public void Partitioned_disks_of_mkimg_are_what_qemu_img_decodes(string name, string expected, long length)
    {
        using ImageSample sample = ImageSample.Open(name);
        Assert.Equal("vmdk", sample.Image.Format.Id);
        Assert.Equal(length, sample.Disk.Length);
        Assert.Equal(expected, ImageSample.Sha256(sample.Disk));
    }
}
