using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Cloop;

/// <summary>A sample, and images that create_compressed_fs makes.</summary>
public sealed class CloopTests
{
    [Fact]
    public void Content_is_what_qemu_img_decodes()
    {
        using ImageSample sample = ImageSample.Open("cloop/qemu-simple-pattern.cloop.bz2");
        Assert.Equal("cloop", sample.Image.Format.Id);
        Assert.Equal(
            "7c77af2771e0f86b7ec9707374c7416037fedae45cb0e6e27fbdf55688a5dd12", ImageSample.Sha256(sample.Disk));
    }

    [Theory]
    [InlineData(65536)]
    [InlineData(131072)]
    public void Images_of_create_compressed_fs_are_read_as_qemu_img_reads_them(int blockSize)
    {
        Requires.Tool("qemu-img", "create_compressed_fs");
        using TemporaryFolder folder = new();
        QemuImage.MakeRaw(folder["raw"], 4 << 20, 6);
        Tool.Shell($"cd {folder.Path}; create_compressed_fs -B {blockSize} raw disk.cloop >&2");
        QemuImage.AssertSame(folder, "disk.cloop", "cloop", "cloop", hasMap: false);
    }
}
