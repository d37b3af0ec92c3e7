using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Vhdx;

/// <summary>The samples, against what qemu-img decodes, and disks that it makes.</summary>
public sealed class VhdxTests
{
    [Theory]
    [InlineData("qemu-dynamic-1G.vhdx.bz2", "d3d112d8dab7fd360609f7d5a7b769904b7a2a7d7b6b8c535f65a23293c05478")]
    [InlineData("ltr-swap.vhdx.gz", "60dd30b4c74361427d1089510cabb36e2eeda0cc4747f467ea43173acd358c49")]
    [InlineData("ltr-xfs5.vhdx.gz", "edc5d630b2da0ddb08992afb58ded06ffb56b884e184b4974fda16e31b7e6817")]
    public void Content_is_what_qemu_img_decodes(string name, string expected)
    {
        using ImageSample sample = ImageSample.Open("vhdx/" + name);
        Assert.Equal("vhdx", sample.Image.Format.Id);
        Assert.Empty(sample.Image.Warnings);
        Assert.Equal(expected, ImageSample.Sha256(sample.Disk));
    }

    [Fact]
    public void The_log_of_a_disk_that_was_not_closed_is_replayed_as_qemu_img_does()
    {
        using ImageSample sample = ImageSample.Open("vhdx/ltr-log-replay.vhdx.gz");
        Assert.Contains("replayed", Assert.Single(sample.Image.Warnings), StringComparison.Ordinal);
        Assert.Equal(
            "3ba3b309425b7ff5e8e0199edceed95226250f880c53b24e8eae93865f3fad5e", ImageSample.Sha256(sample.Disk));
    }

    [Theory]
    [InlineData("subformat=dynamic")]
    [InlineData("subformat=fixed")]
    [InlineData("subformat=dynamic,block_size=1M")]
    [InlineData("subformat=dynamic,block_size=256M,block_state_zero=off")]
    public void Converted_disks_are_read_as_qemu_img_reads_them(string options)
    {
        Requires.Tool("qemu-img");
        using TemporaryFolder folder = new();
        QemuImage.MakeRaw(folder["raw"], (20 << 20) + 4608, 10);
        Tool.Shell($"cd {folder.Path}; qemu-img convert -f raw -O vhdx -o {options} raw disk.vhdx");
        QemuImage.AssertSame(folder, "disk.vhdx", "vhdx", "vhdx", hasMap: false);
    }

    [Fact]
    public void A_damaged_log_is_refused()
    {
        using SampleFiles files = new("vhdx/ltr-log-replay.vhdx.gz");
        byte[] bytes = files.First.ReadBytes(0, (int)files.First.Length);
        for (int at = 1 << 20; at < 2 << 20; at += 4096)
        {
            if (bytes.AsSpan(at).StartsWith("loge"u8))
            {
                bytes[at + 100] ^= 0x55;
            }
        }

        ImageFormatException error = Assert.Throws<ImageFormatException>(
            () => ImageSample.Open("vhdx/ltr-log-replay.vhdx.gz", first: new Blocks.MemorySource(bytes)));
        Assert.Contains("log", error.Message, StringComparison.Ordinal);
    }
}
