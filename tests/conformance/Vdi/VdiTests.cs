using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Vdi;

/// <summary>Samples, disks that qemu-img makes, and a differencing one, which it does not.</summary>
public sealed class VdiTests
{
    private const long Length = (12 << 20) + 4608;

    [Theory]
    [InlineData("macpacker.vdi.xz", "71277c34db5b49b2fe29249f7ffd40b75c1c2a6650ebeeb9d3862dcc85592f62")]
    [InlineData("vbox-BenaliOssama.vdi.xz", "4c17e283f3a84d4b0584a580cd1a9706e7e2a7edeaba643f387df4b4761d4460")]
    public void Content_is_what_qemu_img_decodes(string name, string expected)
    {
        using ImageSample sample = ImageSample.Open("vdi/" + name);
        Assert.Equal("vdi", sample.Image.Format.Id);
        Assert.Equal(expected, ImageSample.Sha256(sample.Disk));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-o static=on")]
    public void Converted_disks_are_read_as_qemu_img_reads_them(string options)
    {
        Requires.Tool("qemu-img");
        using TemporaryFolder folder = new();
        QemuImage.MakeRaw(folder["raw"], Length, 4);
        Tool.Shell($"cd {folder.Path}; qemu-img convert {options} -f raw -O vdi raw disk.vdi");
        QemuImage.AssertSame(folder, "disk.vdi", "vdi", "vdi");
    }

    [Fact]
    public void A_differencing_disk_finds_its_parent_by_its_id()
    {
        Requires.Tool("qemu-img", "qemu-io");
        using TemporaryFolder folder = new();
        QemuImage.MakeRaw(folder["raw"], Length, 4);
        Tool.Shell($"""
            cd {folder.Path}
            qemu-img convert -f raw -O vdi raw parent.vdi
            qemu-img convert -f raw -O vdi raw another.vdi
            qemu-img create -q -f vdi child.vdi {Length}
            qemu-io -f vdi -c 'write -P 5 3M 1M' child.vdi >&2
            """);
        byte[] expected = File.ReadAllBytes(folder["raw"]);
        expected.AsSpan(3 << 20, 1 << 20).Fill(5);
        byte[] child = File.ReadAllBytes(folder["child.vdi"]);
        BinaryPrimitives.WriteUInt32LittleEndian(child.AsSpan(76), 4);
        File.ReadAllBytes(folder["parent.vdi"]).AsSpan(392, 16).CopyTo(child.AsSpan(424));
        File.WriteAllBytes(folder["child.vdi"], child);
        using (FolderFiles files = new(folder.Path, "child.vdi"))
        using (DiskImage image = QemuImage.Open(files, "child.vdi"))
        {
            Assert.Equal(expected, image.Content.ReadBytes(0, expected.Length));
            Assert.Equal(0, image.Content.GetExtent(3 << 20).Host!.Value.FileIndex);
        }

        File.Delete(folder["parent.vdi"]);
        using FolderFiles orphan = new(folder.Path, "child.vdi");
        ImageFormatException error = Assert.Throws<ImageFormatException>(() => QemuImage.Open(orphan, "child.vdi"));
        Assert.Contains("parent's id", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Blocks_of_zeros_and_free_ones_are_told_apart()
    {
        Requires.Tool("qemu-img");
        using TemporaryFolder folder = new();
        Tool.Shell($"cd {folder.Path}; qemu-img create -q -f vdi disk.vdi 4M");
        byte[] bytes = File.ReadAllBytes(folder["disk.vdi"]);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(512 + 8), 0xffff_fffe);
        File.WriteAllBytes(folder["disk.vdi"], bytes);
        using FolderFiles files = new(folder.Path, "disk.vdi");
        using DiskImage image = QemuImage.Open(files, "disk.vdi");
        Assert.Equal(new Extent(0, 2 << 20, ExtentKind.Unallocated), image.Content.GetExtent(0));
        Assert.Equal(new Extent(2 << 20, 1 << 20, ExtentKind.Zero), image.Content.GetExtent(2 << 20));
    }
}
