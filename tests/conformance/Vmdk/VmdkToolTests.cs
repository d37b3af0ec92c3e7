using System.Globalization;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Vmdk;

/// <summary>Disks that qemu-img makes, and some that only it reads.</summary>
public sealed class VmdkToolTests
{
    private const long Length = (12 << 20) + 4608;

    [Theory]
    [InlineData("monolithicSparse", "")]
    [InlineData("monolithicSparse,zeroed_grain=on", "")]
    [InlineData("monolithicSparse,compat6=on", "")]
    [InlineData("streamOptimized", "")]
    [InlineData("monolithicFlat", "disk-flat.vmdk")]
    [InlineData("twoGbMaxExtentSparse", "disk-s001.vmdk")]
    [InlineData("twoGbMaxExtentFlat", "disk-f001.vmdk")]
    public void Converted_disks_are_read_as_qemu_img_reads_them(string subformat, string extent)
    {
        Requires.Tool("qemu-img");
        using TemporaryFolder folder = new();
        QemuImage.MakeRaw(folder["raw"], Length, 12);
        Tool.Shell($"cd {folder.Path}; qemu-img convert -f raw -O vmdk -o subformat={subformat} raw disk.vmdk");
        QemuImage.AssertSame(folder, "disk.vmdk", "vmdk", "vmdk", depth => extent.Length == 0 ? depth : 1);
        using FolderFiles files = new(folder.Path, "disk.vmdk");
        using DiskImage image = QemuImage.Open(files, "disk.vmdk");
        string[] expected = extent.Length == 0 ? ["disk.vmdk"] : ["disk.vmdk", extent];
        Assert.Equal(expected, files.Opened.Select(file => file.Name));
        Assert.Empty(image.Warnings);
    }

    [Theory]
    [InlineData("twoGbMaxExtentSparse")]
    [InlineData("twoGbMaxExtentFlat")]
    public void A_disk_of_three_extents_is_read_across_their_borders(string subformat)
    {
        Requires.Tool("qemu-img", "qemu-io");
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            cd {folder.Path}
            qemu-img create -q -f vmdk -o subformat={subformat} disk.vmdk 5G
            qemu-io -c 'write -P 1 2047M 2M' -c 'write -P 2 4095M 3M' -c 'write -P 3 5119M 1M' disk.vmdk >&2
            """);
        using FolderFiles files = new(folder.Path, "disk.vmdk");
        using DiskImage image = QemuImage.Open(files, "disk.vmdk");
        Assert.Equal(4, files.Opened.Count);
        Assert.Equal(5L << 30, image.Content.Length);
        foreach ((long megabyte, int count, byte value) in (ReadOnlySpan<(long, int, byte)>)
            [(2046, 1, 0), (2047, 2, 1), (2049, 1, 0), (4094, 1, 0), (4095, 3, 2), (5118, 1, 0), (5119, 1, 3)])
        {
            byte[] bytes = image.Content.ReadBytes(megabyte << 20, count << 20);
            Assert.False(bytes.AsSpan().ContainsAnyExcept(value), $"{megabyte} MiB is {value}");
        }
    }

    [Fact]
    public void A_chain_of_parents_is_read_through()
    {
        Requires.Tool("qemu-img", "qemu-io");
        using TemporaryFolder folder = new();
        QemuImage.MakeRaw(folder["raw"], 6 << 20, 5);
        Tool.Shell($"""
            cd {folder.Path}
            qemu-img convert -f raw -O vmdk raw base.vmdk
            qemu-img create -q -f vmdk -b base.vmdk -F vmdk middle.vmdk
            qemu-io -c 'write -P 7 1M 300k' middle.vmdk >&2
            qemu-img create -q -f vmdk -b middle.vmdk -F vmdk top.vmdk
            qemu-io -c 'write -P 9 1100k 31k' -c 'write -P 4 5M 64k' top.vmdk >&2
            """);
        QemuImage.AssertSame(folder, "top.vmdk", "vmdk", "vmdk");
    }

    [Fact]
    public void A_parent_that_was_changed_since_is_refused()
    {
        Requires.Tool("qemu-img", "qemu-io");
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            cd {folder.Path}
            qemu-img create -q -f vmdk base.vmdk 6M
            qemu-img create -q -f vmdk -b base.vmdk -F vmdk top.vmdk
            qemu-io -c 'write -P 7 1M 300k' base.vmdk >&2
            """);
        using FolderFiles files = new(folder.Path, "top.vmdk");
        ImageFormatException error = Assert.Throws<ImageFormatException>(() => QemuImage.Open(files, "top.vmdk"));
        Assert.Contains("CID", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("VMFSSPARSE")]
    [InlineData("SESPARSE")]
    public void Sparse_extents_of_esx_are_read_as_qemu_img_reads_them(string type)
    {
        Requires.Tool("qemu-img");
        using TemporaryFolder folder = new();
        QemuImage.MakeRaw(folder["raw"], Length, 13);
        byte[] raw = File.ReadAllBytes(folder["raw"]);
        bool isSeSparse = type == "SESPARSE";
        File.WriteAllBytes(folder["disk-delta.vmdk"], isSeSparse ? EsxExtents.SeSparse(raw) : EsxExtents.Cowd(raw, 16));
        string sectors = (Length / 512).ToString(CultureInfo.InvariantCulture);
        WriteDescriptor(folder, isSeSparse ? "seSparse" : "vmfsSparse", $"RW {sectors} {type} \"disk-delta.vmdk\"");
        QemuImage.AssertSame(folder, "disk.vmdk", "vmdk", "vmdk", _ => 1);
        using FolderFiles files = new(folder.Path, "disk.vmdk");
        using DiskImage image = QemuImage.Open(files, "disk.vmdk");
        Assert.Equal(raw, image.Content.ReadBytes(0, raw.Length));
    }

    [Fact]
    public void Extents_of_several_kinds_make_up_one_disk()
    {
        Requires.Tool("qemu-img");
        using TemporaryFolder folder = new();
        byte[] flat = new byte[10 * 512];
        new Random(3).NextBytes(flat);
        File.WriteAllBytes(folder["a b-flat.vmdk"], flat);
        WriteDescriptor(
            folder, "custom", "RW 4 FLAT \"a b-flat.vmdk\" 3", "RW 5 ZERO", "RW 2 FLAT \"A B-flat.vmdk\" 8");
        using FolderFiles files = new(folder.Path, "disk.vmdk");
        using DiskImage image = QemuImage.Open(files, "disk.vmdk");
        byte[] expected = [.. flat[(3 * 512)..(7 * 512)], .. new byte[5 * 512], .. flat[(8 * 512)..]];
        Assert.Equal(expected, image.Content.ReadBytes(0, expected.Length));
        Assert.Equal(expected.Length, image.Content.Length);
    }

    [Theory]
    [InlineData("RW 4 FLAT \"/dev/sda\" 0", "fullDevice", typeof(UnsupportedFeatureException))]
    [InlineData("RW 4 VMFSRDM \"rdm.vmdk\"", "vmfsRawDeviceMap", typeof(UnsupportedFeatureException))]
    [InlineData("NOACCESS 4 FLAT \"disk.vmdk\" 0", "custom", typeof(UnsupportedFeatureException))]
    [InlineData("RW 4 FLAT \"gone.vmdk\" 0", "monolithicFlat", typeof(ImageFormatException))]
    [InlineData("RW 4 FLAT \"disk.vmdk\" 0", "monolithicFlat", typeof(ImageFormatException))]
    [InlineData("RW 99999999999999999 ZERO", "custom", typeof(ImageFormatException))]
    [InlineData("", "custom", typeof(ImageFormatException))]
    public void Devices_and_extents_that_are_not_there_are_refused(string line, string createType, Type error)
    {
        using TemporaryFolder folder = new();
        WriteDescriptor(folder, createType, line);
        using FolderFiles files = new(folder.Path, "disk.vmdk");
        Assert.IsType(error, Record.Exception(() => QemuImage.Open(files, "disk.vmdk")));
    }

    private static void WriteDescriptor(TemporaryFolder folder, string createType, params string[] extents) =>
        File.WriteAllLines(folder["disk.vmdk"],
        [
            "# Disk DescriptorFile", "version=1", "CID=12345678", "parentCID=ffffffff", $"createType=\"{createType}\"",
            string.Empty, "# Extent description", .. extents, string.Empty,
            "# The Disk Data Base", "ddb.adapterType = \"lsilogic\"",
        ]);
}
