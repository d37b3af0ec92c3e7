using Imaged.TestKit;
using Xunit;

namespace Imaged.E2e;

/// <summary>File systems that programs of their own fill with the same folder, and images of which programs of their
/// own extract the files, mounted without the kernel's drivers.</summary>
public sealed class FileSystemTests
{
    [Theory]
    [InlineData("fat", "mkfs.fat -C image 20000 && mcopy -s -i image source/* ::", "mcopy")]
    [InlineData("exfat", "truncate -s 20M image && mkfs.exfat image && loop=$(losetup -f --show image) && "
        + "mount.exfat-fuse $loop at && cp -r source/* at && umount at && losetup -d $loop",
        "mkfs.exfat", "mount.exfat-fuse")]
    [InlineData("ntfs", "truncate -s 20M image && mkntfs -F -q image && ntfs-3g image at && "
        + "cp -r source/* at && umount at", "mkntfs", "ntfs-3g")]
    [InlineData("hfs", "truncate -s 20M image && hformat -l V image && hmkdir deep && hmkdir :deep:er && "
        + "hcopy -r source/deep/er/last :deep:er && hcopy -r source/numbers source/noise : && humount",
        "hformat", "hcopy")]
    [InlineData("squashfs", "mksquashfs source image -quiet -no-progress", "mksquashfs")]
    [InlineData("wim", "wimlib-imagex capture source image.wim && mv image.wim image", "wimlib-imagex")]
    [InlineData("fat", "mkfs.fat -C volume 1440 && mcopy -s -i volume source/* :: && "
        + "dsktrans -itype raw -otype imd -format ibm1440 volume image", "mcopy", "dsktrans")]
    [InlineData("fat", "mkfs.fat -C volume 1440 && mcopy -s -i volume source/* :: && "
        + "dsktrans -itype raw -otype tele -format ibm1440 volume image", "mcopy", "dsktrans")]
    [InlineData("fat", "mkfs.fat -C image.ima 1440 && mcopy -s -i image.ima source/* :: && "
        + "zip -q image.imz image.ima && mv image.imz image", "mcopy", "zip")]
    public void Every_volume_is_mounted_with_all_its_files(string fileSystem, string command, params string[] tools)
    {
        Requires.Tool(tools);
        using PrivateSystem system = PrivateSystem.Start();
        Tool.Shell($"""
            cd '{system.Folder}'
            mkdir -p source/deep/er at
            seq 1 100000 > source/numbers
            head -c 300K /dev/urandom > source/noise
            echo last > source/deep/er/last
            export HOME=$PWD
            ( {command} ) >&2
            """);
        string directory = system.Mount(system["image"], "--as", "tree");
        Assert.Equal("fuse.imaged", Machine.Mount(directory).Type);
        AssertIs(fileSystem, system);
        ToolResult difference = Tool.TryRun(
            "diff", "-r", "--exclude=System Volume Information", "--exclude=$*", system["source"], directory);
        Assert.True(difference.ExitCode == 0, difference.Text + difference.Error);
        system.Run("umount", directory).Succeeds();
    }

    [Theory]
    [InlineData("dmg/shockpkg-test-archive-hfsp.dmg", "hfsplus", "7z x -y -oexpected image")]
    [InlineData("dmg/ronin-hfsplus_lzfse.dmg", "hfsplus", "7z x -y -oexpected raw.img")]
    [InlineData("dmg/shockpkg-test-archive-apfs.dmg", "apfs", "7z x -y -oexpected raw.img")]
    [InlineData("ewf/velocidex-ntfs.E01", "ntfs", "7z x -y -oexpected raw.img")]
    [InlineData("aff4/Base-Linear.aff4", "ntfs", "7z x -y -oexpected raw.img")]
    [InlineData("wim/mwl-LZX.wim", "wim", "wimlib-imagex apply image expected")]
    [InlineData("wim/mwl-XPRESS.wim", "wim", "wimlib-imagex apply image expected")]
    public void Every_sample_is_mounted_with_all_its_files(string sample, string fileSystem, string command)
    {
        Requires.Tool(command.Split(' ')[0]);
        using PrivateSystem system = PrivateSystem.Start();
        File.Copy(SampleFiles.Copy(sample, system.Folder), system["image"]);
        if (command.Contains("raw.img", StringComparison.Ordinal))
        {
            system.Run("convert", system["image"], system["raw.img"]).Succeeds();
        }

        Tool.Shell($"cd '{system.Folder}' && ( {command} ) >&2");
        string directory = system.Mount(system["image"], "--as", "tree");
        AssertIs(fileSystem, system);
        string[] expected = Sums(system["expected"]);
        Assert.NotEmpty(expected);
        Assert.Equal(expected, Sums(directory));
        system.Run("umount", directory).Succeeds();
    }

    private static void AssertIs(string fileSystem, PrivateSystem system) => Assert.Contains(
        $"\"{fileSystem}\"", system.Run("info", "--json", system["image"]).Succeeds().Output, StringComparison.Ordinal);

    // Programs differ in how they show names, metadata files, forks and streams: what counts is what is in the files.
    private static string[] Sums(string folder) => [.. Tool.Shell(
        $"cd '{folder}' && find . -type f -size +0 -not -name '[$.]*' -not -path '*[[]*' -not -name '*:*'"
        + " -exec sha256sum {} + | cut -c1-64 | sort").Text.Split('\n')];
}
