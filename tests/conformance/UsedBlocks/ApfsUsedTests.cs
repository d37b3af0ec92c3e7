using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.UsedBlockMaps;

/// <summary>Maps of APFS: containers that macOS made, against partclone.</summary>
public sealed class ApfsUsedTests
{
    private const string Raw = "raw/dfvfs-apfs.raw.xz";

    [Theory]
    [InlineData(Raw)]
    [InlineData("blkid/apfs.img.xz")]
    [InlineData("dmg/shockpkg-test-archive-apfs.dmg")]
    [InlineData("dmg/sparkle-SparkleTestCodeSign_pkg.dmg")]
    [InlineData("dmg/dmgwiz-input_bzip2.dmg")]
    [InlineData("dmg/dmgwiz-input_ro.dmg.xz")]
    public void Partclone_saves_the_same_and_files_come_back(string name)
    {
        Requires.Tool("partclone.apfs", "7z");
        using TemporaryFolder folder = new();
        Unpack(name, folder["image"]);
        UsedBlocks used = UsedVolume.ReadPart(folder["image"], "apfs");
        UsedVolume.AssertCoversPartclone(folder, "apfs", used, 65536);

        byte[] restored = File.ReadAllBytes(UsedVolume.Restore(folder, used));
        using MemorySource volume = new(File.ReadAllBytes(folder["image"]));
        using MemorySource back = new(restored);
        using FileTree tree = FileSystems.Open(back, "apfs", new FileTreeOptions(new BlockCache(4 << 20)));
        AppleFiles.CompareWith7z("apfs", volume, tree, string.Empty);
    }

    [Fact]
    public void Damage_ends_in_a_map()
    {
        using TemporaryFolder folder = new();
        Unpack(Raw, folder["image"]);
        byte[] bytes = File.ReadAllBytes(folder["image"]);
        using (MemorySource volume = new(bytes))
        {
            HostileInput.Try(volume, UsedVolume.Touch, changes: 1500);
        }

        Tool.Run("truncate", "-s", "-1M", folder["image"]);
        UsedVolume.AssertWhole(folder["image"], "apfs", "shorter than the container");
    }

    private static void Unpack(string name, string path)
    {
        Requires.Samples();
        using ImageSample sample = ImageSample.Open(name);
        using BlockSource volume = AppleFiles.VolumeOf(sample.Disk, "apfs");
        File.WriteAllBytes(path, volume.ReadBytes(0, (int)volume.Length));
    }
}
