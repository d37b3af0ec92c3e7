using Imaged.Blocks;
using Imaged.Formats.Iso9660;
using Imaged.Formats.Model;
using Imaged.Linux;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Iso9660;

/// <summary>What is told of a volume, against <c>blkid</c> and <c>xorriso</c>.</summary>
public sealed class IsoVolumeTests
{
    public static TheoryData<string> Samples { get; } = [.. IsoSampleTests.Names];

    [Theory]
    [MemberData(nameof(Samples))]
    public void Label_and_uuid_of_samples_are_those_of_blkid(string name) => AssertLikeBlkid(TestKit.Samples.Get(name));

    [Theory]
    [InlineData("SHORT", "-J")]
    [InlineData("A label of thirty two characters", "-J")]
    [InlineData("under_score and lower", "-J")]
    [InlineData("Größe", "-J")]
    [InlineData("trailing  ", "-R")]
    [InlineData("", "-R")]
    public void Label_and_uuid_are_those_of_blkid(string label, string options)
    {
        Requires.Tool("genisoimage", "xorriso");
        using TemporaryFolder folder = new();
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            mkdir source
            echo 1 > source/one
            genisoimage -quiet -input-charset utf-8 {{options}} -V '{{label}}' -o a source
            xorriso -joliet on -volid '{{label}}' -outdev b -map source / 2> log
            """);
        AssertLikeBlkid(folder["a"]);
        AssertLikeBlkid(folder["b"]);
    }

    [Fact]
    public void The_boot_catalog_names_each_image()
    {
        Requires.Tool("xorriso", "mkfs.vfat");
        using TemporaryFolder folder = new();
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            mkdir source
            head -c 40000 /dev/urandom > source/boot.bin
            truncate -s 1M source/efi.img
            mkfs.vfat source/efi.img
            xorriso -as mkisofs -R -b boot.bin -no-emul-boot -boot-load-size 4 -boot-info-table \
                -isohybrid-mbr source/boot.bin \
                -eltorito-alt-boot -e efi.img -no-emul-boot -isohybrid-gpt-basdat -o image source 2> log
            """);
        using BlockSource volume = FileSource.Open(folder["image"]);
        VolumeInfo info = Iso9660FileSystem.Probe(volume)!;
        string[] images = [.. info.Details.Where(detail => detail.Key == "El Torito").Select(detail => detail.Value)];
        Assert.Equal(2, images.Length);
        string report = Tool.Run("xorriso", "-indev", folder["image"], "-report_el_torito", "plain").Text;
        string[][] lines = [.. report.Split('\n')
            .Where(line => line.StartsWith("El Torito boot img :", StringComparison.Ordinal))
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
        Assert.Equal($"BIOS, no emulation, LBA {lines[0][^1]}, 2048 bytes, loads 4 sectors", images[0]);
        Assert.Equal($"EFI, no emulation, LBA {lines[1][^1]}, 1048576 bytes, loads 2048 sectors", images[1]);
        Assert.Contains(info.Details, detail => detail is { Key: "Hybrid", Value: "MBR, GPT" });
    }

    [Fact]
    public void A_floppy_that_is_emulated_has_the_length_of_a_floppy()
    {
        using BlockSource volume = TestKit.Samples.Open("iso/mikeos.iso.xz");
        VolumeInfo info = Iso9660FileSystem.Probe(volume)!;
        string image = Assert.Single(info.Details, detail => detail.Key == "El Torito").Value;
        Assert.StartsWith("BIOS, 1.44 MB floppy, LBA ", image, StringComparison.Ordinal);
        Assert.Contains(" 1474560 bytes", image, StringComparison.Ordinal);
    }

    private static void AssertLikeBlkid(string path)
    {
        Requires.Tool("blkid");
        using BlockSource volume = FileSource.Open(path);
        VolumeInfo? info = Iso9660FileSystem.Probe(volume);
        Assert.NotNull(info);
        Assert.Equal(Blkid("LABEL"), info.Label ?? string.Empty);
        Assert.Equal(Blkid("UUID"), info.Uuid ?? string.Empty);
        Assert.Equal("iso9660", info.KernelType);

        string Blkid(string tag) =>
            Tool.TryRun("blkid", "-p", "-n", "iso9660", "-o", "value", "-s", tag, path).Text.TrimEnd('\n');
    }
}
