using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Qcow;

/// <summary>Samples, and images that qemu-img makes.</summary>
public sealed class QcowTests
{
    [Fact]
    public void Sample_is_what_qemu_img_decodes()
    {
        using ImageSample sample = ImageSample.Open("qcow/tsk-image.qcow");
        Assert.Equal("qcow", sample.Image.Format.Id);
        Assert.Equal(
            "854c3db1c4a07a241e2ed9fbd8892adf2adc662c7862a75deed26f3483f414c9", ImageSample.Sha256(sample.Disk));
    }

    [Theory]
    [MemberData(nameof(MkimgSamples.Of), "qcow", MemberType = typeof(MkimgSamples))]
    public void Partitioned_disks_of_mkimg_are_what_qemu_img_decodes(string name, string expected, long length)
    {
        using ImageSample sample = ImageSample.Open(name);
        Assert.Equal("qcow", sample.Image.Format.Id);
        Assert.Equal(length, sample.Disk.Length);
        Assert.Equal(expected, ImageSample.Sha256(sample.Disk));
    }

    [Fact]
    public void Converted_disks_are_read_as_qemu_img_reads_them()
    {
        Requires.Tool("qemu-img");
        using TemporaryFolder folder = new();
        QemuImage.MakeRaw(folder["raw"], 12 << 20, 4);
        Tool.Shell($"cd {folder.Path}; qemu-img convert -f raw -O qcow raw disk.qcow");
        QemuImage.AssertSame(folder, "disk.qcow", "qcow", "qcow");
    }

    // qemu-img convert -c fails for this version; qemu-io writes single compressed clusters.
    [Fact]
    public void Compressed_clusters_are_read_as_qemu_img_reads_them()
    {
        Requires.Tool("qemu-img", "qemu-io");
        using TemporaryFolder folder = new();
        QemuImage.MakeRaw(folder["pattern"], 4096, 1);
        Tool.Shell($"""
            cd {folder.Path}
            qemu-img create -q -f qcow disk.qcow 1M
            qemu-io -f qcow -c 'write -c -P 5 0 4k' -c 'write -c -s pattern 8k 4k' -c 'write -P 7 12k 8k' disk.qcow >&2
            qemu-io -f qcow -c 'write -c -P 9 1020k 4k' disk.qcow >&2
            """);
        QemuImage.AssertSame(folder, "disk.qcow", "qcow", "qcow");
    }

    [Fact]
    public void A_backing_file_is_read_through()
    {
        Requires.Tool("qemu-img", "qemu-io");
        using TemporaryFolder folder = new();
        QemuImage.MakeRaw(folder["base.img"], 4 << 20, 5);
        Tool.Shell($"""
            cd {folder.Path}
            qemu-img create -q -f qcow -b base.img -F raw disk.qcow
            qemu-io -f qcow -c 'write -P 7 1M 300k' disk.qcow >&2
            """);
        QemuImage.AssertSame(folder, "disk.qcow", "qcow", "qcow");
    }

    [Fact]
    public void Encryption_is_refused()
    {
        Requires.Tool("qemu-img");
        using TemporaryFolder folder = new();
        Tool.Shell($"cd {folder.Path}; qemu-img create -q -f qcow --object secret,id=s,data=pw "
            + "-o encrypt.format=aes,encrypt.key-secret=s disk.qcow 1M");
        using FolderFiles files = new(folder.Path, "disk.qcow");
        Assert.Throws<UnsupportedFeatureException>(() => QemuImage.Open(files, "disk.qcow"));
    }
}
