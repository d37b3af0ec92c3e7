using System.Globalization;
using System.Text.RegularExpressions;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.UsedBlockMaps;

/// <summary>Maps of ext2, ext3 and ext4, against those of dumpe2fs.</summary>
public sealed partial class ExtUsedTests
{
    [Theory]
    [InlineData("mkfs.ext2 -F -b 1024", "150M")]
    [InlineData("mkfs.ext3 -F -b 2048 -g 4096", "150M")]
    [InlineData("mkfs.ext4 -F", "300M")]
    [InlineData("mkfs.ext4 -F -b 4096", "153600513")]
    [InlineData("mkfs.ext4 -F -b 1024 -O 64bit -g 1024", "150M")]
    [InlineData("mkfs.ext4 -F -O ^64bit,^metadata_csum", "300M")]
    [InlineData("mkfs.ext4 -F -O bigalloc -C 65536", "300M")]
    [InlineData("mkfs.ext4 -F -b 1024 -O bigalloc -C 16384", "300M")]
    [InlineData("mkfs.ext4 -F -b 1024 -O meta_bg,^resize_inode -g 512", "150M")]
    [InlineData("mkfs.ext4 -F -b 1024 -O meta_bg,^resize_inode,^64bit,^flex_bg", "150M")]
    [InlineData("mkfs.ext4 -F -O sparse_super2 -g 4096", "300M")]
    [InlineData("mkfs.ext4 -F -O ^flex_bg,uninit_bg,^metadata_csum,^64bit -g 2048", "300M")]
    [InlineData("mkfs.ext4 -F -O ^has_journal,^sparse_super,^resize_inode -g 2048", "150M")]
    public void What_dumpe2fs_calls_free_is_all_that_is_left_out(string make, string size)
    {
        Requires.Root();
        Requires.Tool("mkfs.ext4", "dumpe2fs", "e2fsck");
        using TemporaryFolder folder = new();
        string image = UsedVolume.MakeMounted(folder, make + " image", size);
        UsedBlocks used = UsedVolume.ReadPart(image, "ext");
        Assert.Equal(UsedVolume.Without(new FileInfo(image).Length, FreeRanges(image)), used.Blocks.Ranges());

        string restored = UsedVolume.Restore(folder, used);
        UsedVolume.Check("e2fsck -fn {0}", restored);
        UsedVolume.AssertSums(folder, restored);
        bool hasJournal = !make.Contains("ext2", StringComparison.Ordinal)
            && !make.Contains("^has_journal", StringComparison.Ordinal);
        UsedVolume.AssertWhole(
            folder["dirty"], "ext", hasJournal ? "journal was not replayed" : "not unmounted cleanly");
        if (hasJournal)
        {
            UsedVolume.AssertFrozen(folder, "ext", "e2fsck -fn {0}");
        }
        else
        {
            UsedVolume.AssertWhole(folder["frozen"], "ext", "not unmounted cleanly");
        }
    }

    [Fact]
    public void Partclone_saves_the_same()
    {
        Requires.Root();
        Requires.Tool("mkfs.ext4", "partclone.ext4");
        using TemporaryFolder folder = new();
        string image = UsedVolume.MakeMounted(folder, "mkfs.ext4 -F image", "300M");
        UsedVolume.AssertCoversPartclone(folder, "ext4", UsedVolume.ReadPart(image, "ext"), 0);
    }

    [Fact]
    public void A_volume_of_many_terabytes_takes_little_memory()
    {
        Requires.Tool("mkfs.ext4", "dumpe2fs");
        using TemporaryFolder folder = new();
        string image = folder["image"];
        ToolResult made = Tool.TryRun("truncate", "-s", "15T", image);
        Assert.SkipUnless(made.ExitCode == 0, "the file system of temporary files has no files of 15 TiB");
        Tool.Run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=1,nodiscard", "-J", "size=4", image);

        long before = GC.GetAllocatedBytesForCurrentThread();
        UsedBlocks used = UsedVolume.ReadPart(image, "ext");
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        // A bitmap of 64 MiB, and the descriptors that are read.
        Assert.InRange(allocated, 0, 96 << 20);
        string text = Tool.Run("dumpe2fs", "-h", image).Text;
        long inUse = (Field(text, "Block count") - Field(text, "Free blocks")) * Field(text, "Block size");
        Assert.InRange(used.Blocks.Count, inUse, inUse + (inUse / 10));
    }

    [Fact]
    public void A_mark_of_another_machine_or_of_errors_makes_it_a_whole_one()
    {
        Requires.Tool("mkfs.ext4", "debugfs");
        using TemporaryFolder folder = new();
        Make(folder, "mmp", "mkfs.ext4 -F -O mmp");
        Assert.Null(UsedVolume.Read(folder["mmp"]).WholeBecause);
        long block = Field(Tool.Run("dumpe2fs", "-h", folder["mmp"]).Text, "MMP block number") * 1024;
        using (FileStream file = File.OpenWrite(folder["mmp"]))
        {
            file.Position = block + 4;
            file.Write([1, 0, 0, 0]);
        }

        UsedVolume.AssertWhole(folder["mmp"], "ext", "mounted (mmp)");

        Make(folder, "errors", "mkfs.ext4 -F");
        Tool.Run("debugfs", "-w", "-R", "set_super_value state 3", folder["errors"]);
        UsedVolume.AssertWhole(folder["errors"], "ext", "marked as having errors");

        Make(folder, "count", "mkfs.ext4 -F -O ^metadata_csum,^uninit_bg");
        Tool.Run("debugfs", "-w", "-R", "set_super_value free_blocks_count 77", folder["count"]);
        UsedVolume.AssertWhole(folder["count"], "ext", "but its superblock 77");

        Make(folder, "bitmap", "mkfs.ext2 -F");
        Assert.Null(UsedVolume.Read(folder["bitmap"]).WholeBecause);
        Tool.Run("debugfs", "-w", "-R", "set_bg 0 free_blocks_count 5", folder["bitmap"]);
        UsedVolume.AssertWhole(folder["bitmap"], "ext", "its descriptor 5");

        Make(folder, "feature", "mkfs.ext4 -F");
        Tool.Run("debugfs", "-w", "-R", "feature FEATURE_R24", folder["feature"]);
        UsedVolume.AssertWhole(folder["feature"], "ext", "FEATURE_R24");
        Make(folder, "short", "mkfs.ext4 -F");
        Tool.Run("truncate", "-s", "-1K", folder["short"]);
        UsedVolume.AssertWhole(folder["short"], "ext", "shorter than the file system");
    }

    [Theory]
    [InlineData("mkfs.ext4 -F -b 1024 -O 64bit,meta_bg,^resize_inode -g 512")]
    [InlineData("mkfs.ext2 -F -b 1024")]
    public void Damage_ends_in_a_map(string make)
    {
        Requires.Tool("mkfs.ext4");
        using TemporaryFolder folder = new();
        Make(folder, "image", make);
        using MemorySource volume = new(File.ReadAllBytes(folder["image"]));
        HostileInput.Try(volume, UsedVolume.Touch);
    }

    private static void Make(TemporaryFolder folder, string name, string make) => Tool.Shell(
        $"cd '{folder.Path}'; PATH=$PATH:/usr/sbin; truncate -s 6M {name}; {make} -b 1024 {name} > log 2>&1");

    private static long Field(string text, string name)
    {
        string line = text.Split('\n').First(line => line.StartsWith(name + ":", StringComparison.Ordinal));
        return long.Parse(line[(name.Length + 1)..], CultureInfo.InvariantCulture);
    }

    // Of a bigalloc volume, dumpe2fs prints the first block of each free cluster.
    private static List<BlockRange> FreeRanges(string image)
    {
        string text = Tool.Run("dumpe2fs", image).Text;
        long blockSize = Field(text, "Block size");
        long clusterSize = text.Contains("\nCluster size:", StringComparison.Ordinal)
            ? Field(text, "Cluster size")
            : blockSize;
        long end = Field(text, "Block count") * blockSize;
        List<BlockRange> ranges = [];
        const string prefix = "  Free blocks: ";
        foreach (string line in text.Split('\n').Where(line => line.StartsWith(prefix, StringComparison.Ordinal)))
        {
            foreach (System.Text.RegularExpressions.Match match in Range().Matches(line))
            {
                long first = long.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) * blockSize;
                long last = match.Groups[2].Success
                    ? long.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture) * blockSize
                    : first;
                ranges.Add(new(first, Math.Min(last + clusterSize, end) - first));
            }
        }

        return ranges;
    }

    [GeneratedRegex(@"(\d+)(?:-(\d+))?")]
    private static partial Regex Range();
}
