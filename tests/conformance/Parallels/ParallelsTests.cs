using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Parallels;

/// <summary>Samples, disks that qemu-img makes, and descriptions of disks in several files.</summary>
public sealed class ParallelsTests
{
    private const long Length = 12 << 20;
    private const string Top = "{5fbaabe3-6958-40ff-92a7-860e329aab41}";
    private const string Old = "{11111111-6958-40ff-92a7-860e329aab41}";

    [Theory]
    [InlineData("qemu-parallels-v1.bz2")]
    [InlineData("qemu-parallels-v2.bz2")]
    public void Content_is_what_qemu_img_decodes(string name)
    {
        using ImageSample sample = ImageSample.Open("parallels/" + name);
        Assert.Equal("parallels", sample.Image.Format.Id);
        Assert.Equal(
            "15faf41ebc93b5f734341cb7a2d909001e3f7306960f9d8bc63894f2a8e5bc45", ImageSample.Sha256(sample.Disk));
    }

    [Fact]
    public void A_description_without_its_files_names_them()
    {
        ImageFormatException error = Assert.Throws<ImageFormatException>(
            () => ImageSample.Open("parallels/dfvfs-DiskDescriptor.xml"));
        Assert.Contains(
            "'hfsplus.hdd.0.{5fbaabe3-6958-40ff-92a7-860e329aab41}.hds' is not beside",
            error.Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-o cluster_size=64k")]
    public void Converted_disks_are_read_as_qemu_img_reads_them(string options)
    {
        Requires.Tool("qemu-img");
        using TemporaryFolder folder = new();
        QemuImage.MakeRaw(folder["raw"], Length, 4);
        Tool.Shell($"cd {folder.Path}; qemu-img convert {options} -f raw -O parallels raw disk.hds");
        QemuImage.AssertSame(folder, "disk.hds", "parallels", "parallels");
    }

    [Fact]
    public void A_disk_of_two_parts_and_a_snapshot_is_put_together()
    {
        Requires.Tool("qemu-img", "qemu-io");
        using TemporaryFolder folder = new();
        QemuImage.MakeRaw(folder["raw"], Length, 4);
        Tool.Shell($"""
            cd {folder.Path}
            dd if=raw of=a.plain bs=1M count=4 status=none
            dd if=raw of=b.raw bs=1M skip=4 status=none
            qemu-img convert -f raw -O parallels b.raw b.hds
            qemu-img create -q -f parallels a.new.hds 4M
            qemu-img create -q -f parallels b.new.hds 8M
            qemu-io -f parallels -c 'write -P 5 1M 1M' a.new.hds >&2
            qemu-io -f parallels -c 'write -P 6 7M 1M' b.new.hds >&2
            """);
        Describe(folder, $"""
            {Storage(0, 8192, (Old, "Plain", "a.plain"), (Top, "Compressed", "a.new.hds"))}
            {Storage(8192, 24576, (Old, "Compressed", "b.hds"), (Top, "Compressed", "b.new.hds"))}
            """);
        byte[] expected = File.ReadAllBytes(folder["raw"]);
        expected.AsSpan(1 << 20, 1 << 20).Fill(5);
        expected.AsSpan(11 << 20, 1 << 20).Fill(6);
        using FolderFiles files = new(folder.Path, "DiskDescriptor.xml");
        using DiskImage image = QemuImage.Open(files, "DiskDescriptor.xml");
        Assert.Equal("parallels", image.Format.Id);
        Assert.Equal(expected.Length, image.Content.Length);
        Assert.Equal(expected, image.Content.ReadBytes(0, expected.Length));
    }

    [Theory]
    [InlineData("<!DOCTYPE x [<!ENTITY e \"e\">]><Parallels_disk_image/>", typeof(ImageFormatException))]
    [InlineData("<Parallels_disk_image><Storage>", typeof(ImageFormatException))]
    [InlineData("<Parallels_disk_image/>", typeof(ImageFormatException))]
    [InlineData(
        "<Parallels_disk_image><Disk_Parameters><Encryption><Engine>{10000000-0000-0000-0000-000000000000}</Engine>"
        + "</Encryption></Disk_Parameters></Parallels_disk_image>",
        typeof(UnsupportedFeatureException))]
    public void Wrong_descriptions_and_encrypted_disks_are_refused(string text, Type error)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["DiskDescriptor.xml"], text);
        using FolderFiles files = new(folder.Path, "DiskDescriptor.xml");
        Assert.IsType(error, Record.Exception(() => QemuImage.Open(files, "DiskDescriptor.xml")));
    }

    [Fact]
    public void Elements_in_elements_without_end_are_refused()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(
            folder["DiskDescriptor.xml"], "<Parallels_disk_image>" + string.Concat(Enumerable.Repeat("<a>", 200_000)));
        using FolderFiles files = new(folder.Path, "DiskDescriptor.xml");
        Assert.Throws<ImageFormatException>(() => QemuImage.Open(files, "DiskDescriptor.xml"));
    }

    private static string Storage(int begin, int end, params (string Id, string Type, string File)[] images) => $"""
        <Storage><Start>{begin}</Start><End>{end}</End><Blocksize>2048</Blocksize>{string.Concat(images.Select(image =>
            $"<Image><GUID>{image.Id}</GUID><Type>{image.Type}</Type><File>{image.File}</File></Image>"))}</Storage>
        """;

    private static void Describe(TemporaryFolder folder, string storages) =>
        File.WriteAllText(folder["DiskDescriptor.xml"], $"""
        <?xml version='1.0' encoding='UTF-8'?>
        <Parallels_disk_image Version="1.0"><StorageData>{storages}</StorageData><Snapshots>
        <Shot><GUID>{Top}</GUID><ParentGUID>{Old}</ParentGUID></Shot>
        <Shot><GUID>{Old}</GUID><ParentGUID>{Guid.Empty:B}</ParentGUID></Shot>
        </Snapshots></Parallels_disk_image>
        """);
}
