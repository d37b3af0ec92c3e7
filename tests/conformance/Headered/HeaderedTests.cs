using Imaged.Conformance.Discs;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Builders;
using Xunit;

namespace Imaged.Conformance.Headered;

/// <summary>Disks and discs of the usual programs behind headers that nobody knows.</summary>
public sealed class HeaderedTests
{
    [Theory]
    [InlineData("fat", 4096, "disk.vdf", "vdf")]
    [InlineData("fat", 512, "disk.xyz", "headered")]
    [InlineData("fat", 131072, "disk", "headered")]
    [InlineData("ext", 1024, "disk.vdf", "vdf")]
    [InlineData("mbr", 2560, "disk.bin2", "headered")]
    [InlineData("mbr", 0, "disk.vdf", "vdf")]
    public void A_disk_is_found_behind_a_header(string kind, int header, string name, string format)
    {
        Requires.Tool("mkfs.fat", "mke2fs", "sfdisk");
        byte[] disk = Disk(kind);
        using HandMade made = HandMade.Of(null, (name, [.. DiscData.Noise(header, 1), .. disk]));
        Assert.Equal(format, made.Image.Format.Id);
        Assert.Equal(header == 0 ? 0 : 1, made.Image.Warnings.Length);
        Assert.Equal(disk, made.Content());
    }

    [Theory]
    [InlineData(2048, 1, 300)]
    [InlineData(2048, 1, 65536)]
    [InlineData(2352, 2, 1001)]
    [InlineData(2448, 1, 4_000_000)]
    public void A_volume_of_a_disc_is_found_behind_a_header(int size, int mode, int header)
    {
        byte[] iso = DiscData.Iso();
        byte[] raw = DiscData.Raw(iso, 0, mode);
        byte[] data = size switch
        {
            2048 => iso,
            2352 => raw,
            _ => DiscData.Join(raw, 2352, DiscData.Noise(iso.Length / 2048 * 96, 1)),
        };
        byte[] image = [.. DiscData.Noise(header, 2), .. data];
        using HandMade made = HandMade.Of("headered", ("disc.xyz", image));
        Assert.Equal(iso, made.Content());
        Assert.Equal(DiscData.Noise(300_000, 300_000), made.ReadFile("data.bin"));
    }

    [Fact]
    public void A_disk_that_is_recognised_at_its_beginning_is_taken_as_it_is()
    {
        Requires.Tool("mkfs.fat");

        // A file of the volume holds a volume of its own.
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["inner"], DiscData.Iso());
        Tool.Shell(
            $"cd '{folder.Path}'; mkfs.fat -C a.img 4096 > log; MTOOLS_SKIP_CHECK=1 mcopy -i a.img inner ::inner");
        byte[] disk = File.ReadAllBytes(folder["a.img"]);
        Assert.Throws<ImageFormatException>(() => HandMade.Try("headered", ("disk", disk)));
    }

    [Fact]
    public void Two_disks_that_have_nothing_to_do_with_each_other_are_not_chosen_from()
    {
        Requires.Tool("mkfs.fat");
        byte[] disk = Disk("small");
        byte[] image = [.. new byte[4096], .. disk, .. disk];
        Assert.Throws<UnsupportedFeatureException>(() => HandMade.Try(null, ("two.vdf", image)));
    }

    [Fact]
    public void Encrypted_files_and_other_files_of_the_name_are_told_apart()
    {
        Assert.Contains("encrypted", Refuse(DiscData.Noise(1 << 20, 1)).Message, StringComparison.Ordinal);
        Assert.Contains("--format raw", Refuse(new byte[1 << 20]).Message, StringComparison.Ordinal);
        Assert.Contains("text", Foreign("\"appinfo\"\n{\n\t\"a\" \"1\"\n}\n"u8.ToArray()), StringComparison.Ordinal);
        Assert.Contains("Steam", Foreign([0x27, 0x44, 0x56, 7, .. new byte[100]]), StringComparison.Ordinal);
        Assert.Contains("VDFS", Foreign([.. new byte[256], .. "PSVDSC_V2.00\r\n\r\n"u8]), StringComparison.Ordinal);
        Assert.Contains("VirtualDub", Foreign([.. "MZ"u8, .. new byte[4096]]), StringComparison.Ordinal);
    }

    [Fact]
    public void Damage_ends_in_success_or_a_named_error()
    {
        Requires.Tool("mkfs.fat");
        byte[] disk = Disk("small");
        HandMade.Damage("headered", ("disk.xyz", [.. new byte[1024], .. disk]));
        HandMade.Damage("vdf", ("disk.vdf", [.. new byte[1024], .. disk]));
    }

    private static UnsupportedFeatureException Refuse(byte[] bytes) =>
        Assert.Throws<UnsupportedFeatureException>(() => HandMade.Try(null, ("disk.vdf", bytes)));

    private static string Foreign(byte[] bytes) =>
        Assert.Throws<ImageFormatException>(() => HandMade.Try(null, ("disk.vdf", bytes))).Message;

    private static byte[] Disk(string kind)
    {
        using TemporaryFolder folder = new();
        Tool.Shell($"cd '{folder.Path}'; " + kind switch
        {
            "fat" => "mkfs.fat -C disk 1440 > log",
            "small" => "mkfs.fat -C disk 256 > log",
            "ext" => "truncate -s 2M disk; mke2fs -q -t ext2 disk",
            _ => "truncate -s 4M disk; echo '2048,,c' | sfdisk -q disk; mkfs.fat -C part 3072 > log; "
                + "dd if=part of=disk bs=1M seek=1 conv=notrunc status=none",
        });
        return File.ReadAllBytes(folder["disk"]);
    }
}
