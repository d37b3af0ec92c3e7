using System.Security.Cryptography;
using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Raw;

/// <summary>Raw images in parts.</summary>
public sealed class SplitRawTests
{
    [Theory]
    [InlineData("-d -a 3", "disk.000")]
    [InlineData("--numeric-suffixes=1 -a 3", "disk.001")]
    [InlineData("-d", "disk.00")]
    [InlineData("--numeric-suffixes=1 -a 4", "disk.0001")]
    [InlineData("", "disk.aa")]
    public void Parts_of_split_are_the_whole(string options, string first)
    {
        Requires.Tool("split");
        using TemporaryFolder folder = new();
        byte[] whole = new byte[300_000];
        new Random(9).NextBytes(whole);
        File.WriteAllBytes(folder["whole"], whole);
        Tool.Shell($"cd {folder.Path}; split -b 9999 {options} whole disk.; rm whole");
        using FolderFiles files = new(folder.Path, first);
        using DiskImage image = Open(files, first);
        Assert.Equal("splitraw", image.Format.Id);
        Assert.Equal(31, files.Opened.Count);
        Assert.Equal(whole, image.Content.ReadBytes(0, whole.Length));
        Assert.Empty(image.Warnings);
        SourceContract.ExtentsTile(image.Content);

        // Every byte stands where the extents say.
        for (long offset = 0; offset < whole.Length;)
        {
            Extent extent = image.Content.GetExtent(offset);
            HostRange host = extent.Host!.Value;
            byte[] part = File.ReadAllBytes(folder[files.Opened[host.FileIndex].Name]);
            byte[] expected = part[(int)host.Offset..(int)(host.Offset + extent.Length)];
            Assert.Equal(expected, whole[(int)offset..(int)extent.End]);
            offset = extent.End;
        }
    }

    [Theory]
    [InlineData("-d -a 3", "disk.img.002")]
    [InlineData("--numeric-suffixes=1 -a 3", "disk.img.001")]
    [InlineData("--numeric-suffixes=1 -a 3", "disk.img.007")]
    [InlineData("", "disk.img.ad")]
    [InlineData("-a 3", "disk.img.abe")]
    public void Any_part_opens_the_whole(string options, string named)
    {
        Requires.Tool("split", "mkfs.ext4");
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            cd {folder.Path}; mkfs.ext4 -q disk 1M; cp disk whole
            split -b 30001 {options} disk disk.img.; rm disk
            """);
        byte[] whole = File.ReadAllBytes(folder["whole"]);
        using FolderFiles files = new(folder.Path, named);
        using ImageStack stack = OpenStack(files, named);
        Assert.Equal(["splitraw", "raw"], stack.Layers.Select(layer => layer.Format.Id));
        Assert.Empty(stack.Layers[0].Warnings);
        Assert.Equal(35, files.Opened.Count);
        Assert.Equal(whole, stack.Innermost.Content.ReadBytes(0, whole.Length));
    }

    [Fact]
    public void What_the_parts_hold_together_is_opened()
    {
        Requires.Tool("split", "xz", "qemu-img", "mkfs.ext4");
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            cd {folder.Path}; mkfs.ext4 -q whole 4M
            head -c 1500000 /dev/urandom | dd conv=notrunc of=whole bs=1M seek=2
            qemu-img convert -O qcow2 whole disk; xz -kT1 --block-size=256KiB disk
            split -b 300000 disk.xz disk.xz.; split -b 300000 -d -a 3 disk disk.
            """);
        byte[] whole = File.ReadAllBytes(folder["whole"]);
        foreach ((string name, string[] formats) in ((string, string[])[])
            [
                ("disk.xz.aa", ["splitraw", "xz", "qcow2"]), ("disk.xz.ac", ["splitraw", "xz", "qcow2"]),
                ("disk.000", ["splitraw", "qcow2"]), ("disk.004", ["splitraw", "qcow2"]), ("disk", ["qcow2"]),
                ("disk.xz", ["xz", "qcow2"]),
            ])
        {
            using FolderFiles files = new(folder.Path, name);
            using ImageStack stack = OpenStack(files, name);
            Assert.Equal(formats, stack.Layers.Select(layer => layer.Format.Id));
            Assert.Equal(whole, stack.Innermost.Content.ReadBytes(0, whole.Length));
        }
    }

    [Fact]
    public void Images_that_are_only_numbered_are_not_parts_of_one()
    {
        Requires.Tool("qemu-img");
        using TemporaryFolder folder = new();
        Tool.Shell($"cd {folder.Path}; qemu-img create -f qcow2 vm.001 1M; qemu-img create -f qcow2 vm.002 2M");
        foreach ((string name, long length) in ((string, long)[])[("vm.001", 1 << 20), ("vm.002", 2 << 20)])
        {
            using FolderFiles files = new(folder.Path, name);
            using ImageStack stack = OpenStack(files, name);
            Assert.Equal("qcow2", Assert.Single(stack.Layers).Format.Id);
            Assert.Equal(length, stack.Innermost.Content.Length);
        }
    }

    [Fact]
    public void Sample_in_two_parts_holds_the_volume_that_blkid_finds_in_both()
    {
        Requires.Tool("blkid", "sha256sum");
        using TemporaryFolder folder = new();
        string first = Samples.Get("raw/dfvfs-splitraw/ext2.splitraw.000.xz");
        string second = Samples.Get("raw/dfvfs-splitraw/ext2.splitraw.001.xz");
        File.Copy(first, folder["ext2.splitraw.000"]);
        File.Copy(second, folder["ext2.splitraw.001"]);
        using FolderFiles files = new(folder.Path, "ext2.splitraw.000");
        using DiskImage image = Open(files, "ext2.splitraw.000");
        string expected = Tool.Shell($"cat {first} {second} | sha256sum").Text[..64];
        byte[] content = image.Content.ReadBytes(0, (int)image.Content.Length);
        Assert.Equal(expected, Convert.ToHexStringLower(SHA256.HashData(content)));
        VolumeInfo volume = Assert.Single(FileSystems.Probe(image.Content));
        Assert.Equal("ext2_test", volume.Label);
        Assert.Equal(content.Length, volume.Length);
    }

    [Fact]
    public void A_part_that_was_cut_off_or_is_missing_is_told()
    {
        using TemporaryFolder folder = new();
        (string Name, int Length)[] parts = [("d.001", 1000), ("d.002", 700), ("d.003", 1000), ("d.005", 10)];
        foreach ((string name, int length) in parts)
        {
            File.WriteAllBytes(folder[name], new byte[length]);
        }

        using FolderFiles files = new(folder.Path, "d.001");
        using DiskImage image = Open(files, "d.001");
        Assert.Equal(2700, image.Content.Length);
        Assert.Equal(2, image.Warnings.Length);
    }

    [Theory]
    [InlineData("single.001")]
    [InlineData("disk.002")]
    [InlineData("disk.img")]
    [InlineData(".000")]
    public void A_file_without_a_second_part_is_a_raw_image(string name)
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder[name], new byte[5000]);
        File.WriteAllBytes(folder["disk.003"], new byte[5000]);
        using FolderFiles files = new(folder.Path, name);
        using DiskImage image = Open(files, name);
        Assert.Equal("raw", image.Format.Id);
        Assert.Equal(5000, image.Content.Length);
    }

    [Fact]
    public void An_empty_file_is_no_image()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["empty"], []);
        using FolderFiles files = new(folder.Path, "empty");
        Assert.Throws<ImageFormatException>(() => Open(files, "empty"));
    }

    private static ImageStack OpenStack(FolderFiles files, string name) =>
        ImageStack.Open(new ImageOpener(files.First, name, files, new BlockCache(4 << 20)), null);

    private static DiskImage Open(FolderFiles files, string name) =>
        ImageFormats.Open(new ImageOpener(files.First, name, files, new BlockCache(1 << 20)), null);
}
