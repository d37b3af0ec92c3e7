using Imaged.Blocks;
using Imaged.Formats.Fat;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Fat;

/// <summary>Volumes of other people's programs, compared with blkid and 7-Zip.</summary>
public sealed class FatSampleTests
{
    [Theory]
    [InlineData("floppy/floppytool-720k/720k.img.xz")]
    [InlineData("floppy/mikeos.flp.xz")]
    [InlineData("floppy/sony-FD7.img.xz")]
    [InlineData("blkid/fat.img.xz")]
    [InlineData("blkid/fat32_label_64MB.img.xz")]
    [InlineData("blkid/fat32_mkdosfs_label1.img.xz")]
    [InlineData("blkid/fat32_mkdosfs_label1_dosfslabel_empty.img.xz")]
    [InlineData("blkid/fat32_mkdosfs_label1_dosfslabel_label2.img.xz")]
    [InlineData("blkid/fat32_mkdosfs_label1_mlabel_erase.img.xz")]
    [InlineData("blkid/fat32_mkdosfs_label1_xp_erase.img.xz")]
    [InlineData("blkid/fat32_mkdosfs_none.img.xz")]
    [InlineData("blkid/fat32_mkdosfs_none_dosfslabel_NO_NAME.img.xz")]
    [InlineData("blkid/fat32_mkdosfs_none_dosfslabel_label1_xp_label2.img.xz")]
    [InlineData("blkid/fat32_mkdosfs_none_xp_label1.img.xz")]
    [InlineData("blkid/fat32_xp_label1.img.xz")]
    [InlineData("blkid/fat32_xp_none.img.xz")]
    [InlineData("blkid/fat32_xp_none_mlabel_label1.img.xz")]
    public void Sample_has_the_label_and_the_files_that_others_find(string name)
    {
        Requires.Tool("7z", "blkid");
        using BlockSource volume = Samples.Open(name);
        VolumeInfo? info = FatFileSystem.Probe(volume);
        Assert.NotNull(info);
        FatToolTests.CompareWithBlkid(info, Samples.Get(name));

        using FileTree tree = FatImages.Open(volume);
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["files"]);
        Tool.Run("7z", "x", "-y", "-tFAT", "-o" + folder["files"], Samples.Get(name));
        FatToolTests.CompareWithFolder(tree, folder["files"]);
    }

    // The upper half of this volume was cut off, which 7-Zip does not take.
    [Fact]
    public void Sample_that_was_cut_off_has_the_directories_that_mtools_finds()
    {
        Requires.Tool("mcopy", "blkid");
        string path = Samples.Get("blkid/fat16_noheads.img.xz");
        using BlockSource volume = Samples.Open("blkid/fat16_noheads.img.xz");
        using FileTree tree = FatImages.Open(volume);
        FatToolTests.CompareWithBlkid(tree.Volume, path);
        Assert.Contains(tree.Volume.Warnings, warning => warning.EndsWith("are there", StringComparison.Ordinal));
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder["files"]);
        Tool.Run("env", "MTOOLS_SKIP_CHECK=1", "mcopy", "-s", "-n", "-i", path, "::", folder["files"]);
        FatToolTests.CompareWithFolder(tree, folder["files"]);
    }

    // Its two directories were overwritten with other data.
    [Fact]
    public void Sample_with_damaged_directories_has_the_files_of_its_root()
    {
        Requires.Tool("mtype", "blkid");
        string path = Samples.Get("floppy/a2kit-msdos.img");
        using BlockSource volume = Samples.Open("floppy/a2kit-msdos.img");
        using FileTree tree = FatImages.Open(volume);
        FatToolTests.CompareWithBlkid(tree.Volume, path);
        string[] names = [.. tree.ReadDirectory(tree.Root.Id, 0).Select(entry => TreeWalk.Text(entry.Name))];
        Assert.Equal(["DSKBLD.BAT", "DSKBLD.BAS", "DIR1", "DIR3"], names);
        foreach (string name in names[..2])
        {
            byte[] expected = Tool.Run("env", "MTOOLS_SKIP_CHECK=1", "mtype", "-i", path, "::" + name).Output;
            Assert.Equal(expected, TreeWalk.ReadFile(tree, name));
        }

        TreeWalk.Touch(tree);
    }

    [Theory]
    [InlineData("blkid/ntfs.img.xz")]
    [InlineData("blkid/exfat.img.xz")]
    [InlineData("blkid/hpfs.img.xz")]
    [InlineData("blkid/jfs.img.xz")]
    [InlineData("blkid/bitlocker-win7.img.xz")]
    [InlineData("blkid/ext3.img.xz")]
    [InlineData("raw/go-exfat.img.xz")]
    [InlineData("raw/tsk_volume_system.raw.xz")]
    [InlineData("floppy/opf-fat12-hfs.img.xz")]
    [InlineData("floppy/fluxfox-sector_test_360k.img.xz")]
    public void Sample_is_no_fat_volume(string name)
    {
        using BlockSource volume = Samples.Open(name);
        Assert.Null(FatFileSystem.Probe(volume));
    }
}
