using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Qcow2;

/// <summary>Images that qemu-img and qemu-io make, with each option that changes the layout.</summary>
public sealed class Qcow2ToolTests
{
    private const long Length = (12 << 20) + 4608;

    [Theory]
    [InlineData("compat=0.10", "")]
    [InlineData("compat=1.1", "")]
    [InlineData("compat=0.10", "-c")]
    [InlineData("cluster_size=512", "")]
    [InlineData("cluster_size=512", "-c")]
    [InlineData("cluster_size=4k", "-c")]
    [InlineData("cluster_size=2M", "-c")]
    [InlineData("cluster_size=2M", "-S 0")]
    [InlineData("compression_type=zstd", "-c")]
    [InlineData("compression_type=zstd,cluster_size=2M", "-c")]
    [InlineData("compression_type=zstd,extended_l2=on", "-c")]
    [InlineData("extended_l2=on,cluster_size=128k", "")]
    [InlineData("extended_l2=on,cluster_size=16k", "")]
    [InlineData("preallocation=metadata", "")]
    [InlineData("preallocation=full", "-S 0")]
    [InlineData("refcount_bits=1,lazy_refcounts=on", "")]
    public void Converted_disks_are_read_as_qemu_img_reads_them(string options, string arguments)
    {
        Requires.Tool("qemu-img");
        using TemporaryFolder folder = new();
        QemuImage.MakeRaw(folder["raw"], Length, 3);
        Tool.Shell($"cd {folder.Path}; qemu-img convert {arguments} -f raw -O qcow2 -o {options} raw disk.qcow2");
        QemuImage.AssertSame(folder, "disk.qcow2", "qcow2", "qcow2");
    }

    [Theory]
    [InlineData("data_file=data.raw", 1)]
    [InlineData("data_file=data.raw,data_file_raw=on", 1)]
    [InlineData("data_file=data.raw,extended_l2=on", 1)]
    public void Clusters_in_a_data_file_stand_there(string options, int file)
    {
        Requires.Tool("qemu-img", "qemu-io");
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            cd {folder.Path}
            qemu-img create -q -f qcow2 -o {options} disk.qcow2 20M
            qemu-io -c 'write -P 1 0 64k' -c 'write -P 7 1M 3000k' -c 'write -z 2M 100k' disk.qcow2 >&2
            qemu-io -c 'write -P 9 19M 1M' disk.qcow2 >&2
            """);
        QemuImage.AssertSame(folder, "disk.qcow2", "qcow2", "qcow2", _ => file);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-o extended_l2=on,cluster_size=64k")]
    [InlineData("-o cluster_size=4k")]
    [InlineData("-o compat=0.10")]
    public void A_chain_of_backing_files_is_read_through(string options)
    {
        Requires.Tool("qemu-img", "qemu-io");
        using TemporaryFolder folder = new();
        QemuImage.MakeRaw(folder["base.img"], (3 << 20) + 512, 5);
        Tool.Shell($"""
            cd {folder.Path}
            qemu-img create -q -f qcow2 -b base.img -F raw {options} middle.qcow2 8M
            qemu-io -c 'write -P 7 1M 300k' -c 'write -P 8 4097k 30k' middle.qcow2 >&2
            qemu-img create -q -f qcow2 -b middle.qcow2 -F qcow2 {options} top.qcow2 10M
            qemu-io -c 'write -P 9 1100k 31k' -c 'write -z 2M 128k' -c 'discard 4M 64k' top.qcow2 >&2
            qemu-io -c 'write -P 3 9M 64k' top.qcow2 >&2
            """);
        QemuImage.AssertSame(folder, "top.qcow2", "qcow2", "qcow2");
    }

    [Fact]
    public void Written_zeros_and_unwritten_clusters_are_told_apart()
    {
        Requires.Tool("qemu-img", "qemu-io");
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            cd {folder.Path}
            qemu-img create -q -f qcow2 disk.qcow2 1M
            qemu-io -c 'write -P 1 0 64k' -c 'write -z 64k 64k' disk.qcow2 >&2
            """);
        using FolderFiles files = new(folder.Path, "disk.qcow2");
        using DiskImage image = QemuImage.Open(files, "disk.qcow2");
        Assert.Equal(Blocks.ExtentKind.Data, image.Content.GetExtent(0).Kind);
        Assert.Equal(Blocks.ExtentKind.Zero, image.Content.GetExtent(65536).Kind);
        Assert.Equal(Blocks.ExtentKind.Unallocated, image.Content.GetExtent(131072).Kind);
        Assert.Equal((1 << 20) - 131072, image.Content.GetExtent(131072).Length);
    }

    [Fact]
    public void A_backing_file_that_is_named_raw_is_not_looked_into()
    {
        Requires.Tool("qemu-img");
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            cd {folder.Path}
            qemu-img create -q -f qcow2 inner.qcow2 1M
            qemu-img create -q -f qcow2 -b inner.qcow2 -F raw top.qcow2
            """);
        QemuImage.AssertSame(folder, "top.qcow2", "qcow2", "qcow2");
    }

    [Fact]
    public void A_backing_file_in_another_folder_or_of_no_known_format_is_warned_of()
    {
        Requires.Tool("qemu-img");
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            cd {folder.Path}
            qemu-img create -q -f qcow2 base.qcow2 1M
            qemu-img create -q -u -f qcow2 -b /elsewhere/base.qcow2 -F qcow2 top.qcow2 1M
            """);

        // qemu-img no longer leaves the format away: the header extension becomes one that nobody knows.
        byte[] bytes = File.ReadAllBytes(folder["top.qcow2"]);
        bytes[bytes.AsSpan().IndexOf((ReadOnlySpan<byte>)[0xe2, 0x79, 0x2a, 0xca])] ^= 1;
        File.WriteAllBytes(folder["top.qcow2"], bytes);
        using FolderFiles files = new(folder.Path, "top.qcow2");
        using DiskImage image = QemuImage.Open(files, "top.qcow2");
        Assert.Equal(2, image.Warnings.Length);
        Assert.Equal(["top.qcow2", "base.qcow2"], files.Opened.Select(file => file.Name));
    }

    [Fact]
    public void Snapshots_are_listed_and_the_disk_is_that_of_now()
    {
        Requires.Tool("qemu-img", "qemu-io");
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            cd {folder.Path}
            qemu-img create -q -f qcow2 disk.qcow2 4M
            qemu-io -c 'write -P 1 0 1M' disk.qcow2 >&2
            qemu-img snapshot -c first disk.qcow2
            qemu-io -c 'write -P 2 512k 1M' disk.qcow2 >&2
            qemu-img snapshot -c 'a second one' disk.qcow2
            """);
        QemuImage.AssertSame(folder, "disk.qcow2", "qcow2", "qcow2");
        using FolderFiles files = new(folder.Path, "disk.qcow2");
        using DiskImage image = QemuImage.Open(files, "disk.qcow2");
        Assert.Empty(image.Warnings);
        string[] snapshots = [.. image.Details.Where(d => d.Key == "Snapshot").Select(d => d.Value)];
        Assert.Equal(2, snapshots.Length);
        Assert.StartsWith("1 'first' of 20", snapshots[0], StringComparison.Ordinal);
        Assert.StartsWith("2 'a second one' of 20", snapshots[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1", "1.raw")]
    [InlineData("first", "1.raw")]
    [InlineData("2", "2.raw")]
    [InlineData("a second one", "2.raw")]
    [InlineData(null, "now.raw")]
    public void The_disk_of_a_snapshot_is_what_qemu_img_makes_of_it(string? snapshot, string expected)
    {
        Requires.Tool("qemu-img", "qemu-io");
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            cd {folder.Path}
            qemu-img create -q -f qcow2 base.qcow2 3M
            qemu-io -c 'write -P 9 2M 1M' base.qcow2 >&2
            qemu-img create -q -f qcow2 -b base.qcow2 -F qcow2 disk.qcow2 4M
            qemu-io -c 'write -P 1 0 1M' disk.qcow2 >&2
            qemu-img snapshot -c first disk.qcow2
            qemu-io -c 'write -P 2 512k 1M' disk.qcow2 >&2
            qemu-img snapshot -c 'a second one' disk.qcow2
            qemu-img resize -q disk.qcow2 6M
            qemu-io -c 'write -P 3 5M 64k' disk.qcow2 >&2
            qemu-img convert -l snapshot.id=1 -O raw disk.qcow2 1.raw
            qemu-img convert -l snapshot.id=2 -O raw disk.qcow2 2.raw
            qemu-img convert -O raw disk.qcow2 now.raw
            """);
        using FolderFiles files = new(folder.Path, "disk.qcow2");
        using ImageStack stack = ImageStack.Open(OpenerOf(files, snapshot), null);
        byte[] bytes = File.ReadAllBytes(folder[expected]);

        // qemu-img makes a file of the length that the disk has now.
        int length = (int)stack.Innermost.Content.Length;
        Assert.Equal(snapshot is null ? 6 << 20 : 4 << 20, length);
        Assert.Equal(bytes[..length], stack.Innermost.Content.ReadBytes(0, length));
        Assert.All(bytes[length..], value => Assert.Equal(0, value));
    }

    [Fact]
    public void A_snapshot_that_is_not_there_is_said_so()
    {
        Requires.Tool("qemu-img");
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            cd {folder.Path}
            qemu-img create -q -f qcow2 disk.qcow2 1M
            qemu-img create -q -f vdi disk.vdi 1M
            """);
        using FolderFiles files = new(folder.Path, "disk.qcow2");
        Assert.Throws<FileNotFoundException>(() => ImageStack.Open(OpenerOf(files, "other"), null));
        using FolderFiles others = new(folder.Path, "disk.vdi");
        Assert.Throws<UnsupportedFeatureException>(() => ImageStack.Open(OpenerOf(others, "other"), null));
    }

    [Fact]
    public void A_disk_with_a_bitmap_is_read()
    {
        Requires.Tool("qemu-img");
        using TemporaryFolder folder = new();
        QemuImage.MakeRaw(folder["raw"], Length, 8);
        Tool.Shell($"""
            cd {folder.Path}
            qemu-img convert -f raw -O qcow2 raw disk.qcow2
            qemu-img bitmap --add disk.qcow2 changes
            """);
        QemuImage.AssertSame(folder, "disk.qcow2", "qcow2", "qcow2");
    }

    private static ImageOpener OpenerOf(FolderFiles files, string? snapshot) =>
        new(files.First, files.Opened[0].Name, files, new BlockCache(8 << 20)) { Snapshot = snapshot };
}
