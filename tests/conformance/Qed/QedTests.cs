using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Qed;

/// <summary>A sample, and images that qemu-img makes.</summary>
public sealed class QedTests
{
    [Fact]
    public void A_disk_of_no_bytes_is_opened()
    {
        using ImageSample sample = ImageSample.Open("qed/mime-disk.qed.xz");
        Assert.Equal("qed", sample.Image.Format.Id);
        Assert.Equal(0, sample.Disk.Length);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-o cluster_size=16k,table_size=2")]
    [InlineData("-o cluster_size=1M,table_size=16")]
    public void Converted_disks_are_read_as_qemu_img_reads_them(string options)
    {
        Requires.Tool("qemu-img");
        using TemporaryFolder folder = new();
        QemuImage.MakeRaw(folder["raw"], (12 << 20) + 4608, 4);
        Tool.Shell($"cd {folder.Path}; qemu-img convert {options} -f raw -O qed raw disk.qed");
        QemuImage.AssertSame(folder, "disk.qed", "qed", "qed");
    }

    [Fact]
    public void A_backing_file_is_read_through_and_zeros_hide_it()
    {
        Requires.Tool("qemu-img", "qemu-io");
        using TemporaryFolder folder = new();
        QemuImage.MakeRaw(folder["base.img"], 4 << 20, 5);
        Tool.Shell($"""
            cd {folder.Path}
            qemu-img create -q -f qed -b base.img -F raw disk.qed 6M
            qemu-io -f qed -c 'write -P 7 1M 300k' -c 'write -z 2M 128k' disk.qed >&2
            """);
        QemuImage.AssertSame(folder, "disk.qed", "qed", "qed");
    }

    [Fact]
    public void An_unknown_feature_is_refused_and_an_open_image_warned_of()
    {
        Requires.Tool("qemu-img");
        using TemporaryFolder folder = new();
        Tool.Shell($"cd {folder.Path}; qemu-img create -q -f qed disk.qed 1M");
        byte[] bytes = File.ReadAllBytes(folder["disk.qed"]);
        bytes[16] |= 2;
        File.WriteAllBytes(folder["open.qed"], bytes);
        bytes[16] |= 8;
        File.WriteAllBytes(folder["unknown.qed"], bytes);
        using FolderFiles open = new(folder.Path, "open.qed");
        using DiskImage image = QemuImage.Open(open, "open.qed");
        Assert.Contains("not closed", Assert.Single(image.Warnings), StringComparison.Ordinal);
        using FolderFiles unknown = new(folder.Path, "unknown.qed");
        Assert.Throws<UnsupportedFeatureException>(() => QemuImage.Open(unknown, "unknown.qed"));
    }
}
