using System.Globalization;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.UsedBlockMaps;

/// <summary>Maps of XFS, against xfs_db and partclone.</summary>
public sealed class XfsUsedTests
{
    // What xfs_db counts as free and the map does not: the free list of a group.
    private const int FreeListBlocks = 16;

    [Theory]
    [InlineData("-b size=1024", "320M", "FILES=1200")]
    [InlineData("-m rmapbt=1,reflink=1 -d agcount=7", "335545000", "FILES=900")]
    [InlineData("-m reflink=0,finobt=0 -s size=4096 -l su=65536", "400M", "FILES=600")]
    [InlineData("-b size=2048 -d agcount=3 -i size=1024", "320M", "")]
    public void What_xfs_db_calls_free_is_all_that_is_left_out(string options, string size, string environment)
    {
        Requires.Root();
        Requires.Tool("mkfs.xfs", "xfs_db", "xfs_repair", "partclone.xfs");
        using TemporaryFolder folder = new();
        string make = $"mkfs.xfs --unsupported -f {options} image";
        string image = UsedVolume.MakeMounted(folder, make, size, environment: environment);
        UsedVolume.AssertSums(folder, AssertMap(folder, image), "loop,ro,nouuid");
        UsedVolume.AssertWhole(folder["dirty"], "xfs", "log was not replayed");
        UsedVolume.AssertFrozen(folder, "xfs", "xfs_repair -n {0} 2>&1");
    }

    // The kernel here mounts no version 4 any more.
    [Theory]
    [InlineData("-m crc=0 -i size=256")]
    [InlineData("-m crc=0 -b size=512 -l version=1")]
    public void Version_4_is_as_xfs_db_says(string options)
    {
        Requires.Tool("mkfs.xfs", "xfs_db", "xfs_repair", "partclone.xfs");
        using TemporaryFolder folder = new();
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            PATH=$PATH:/usr/sbin
            truncate -s 330M image
            printf '%s\n' /boot '0 0' 'd--755 0 0' > proto
            for i in $(seq 90); do
                head -c $((i * 5000)) /dev/urandom > $i
                echo "f$i ---644 0 0 $PWD/$i" >> proto
            done
            echo '$' >> proto
            mkfs.xfs --unsupported -f -p proto {{options}} image > log
            """);
        AssertMap(folder, folder["image"]);
    }

    [Fact]
    public void A_log_that_has_been_written_round_ends_where_the_kernel_says()
    {
        Requires.Root();
        Requires.Tool("mkfs.xfs", "xfs_logprint");
        using TemporaryFolder folder = new();
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            PATH=$PATH:/usr/sbin
            truncate -s 320M image
            mkfs.xfs --unsupported -f -b size=1024 -l size=4m image > log
            mkdir mnt
            """);
        bool isWrapped = false;
        long last = -1;
        for (int round = 0; round < 12; round++)
        {
            Tool.Shell($$"""
                cd '{{folder.Path}}'
                mount -o loop,wsync image mnt
                trap 'if mountpoint -q "{{folder.Path}}/mnt"; then umount "{{folder.Path}}/mnt"; fi' EXIT
                mkdir mnt/{{round}}
                touch mnt/{{round}}/{1..{{200 + (round * 37)}}}
                cp --sparse=always image dirty
                """);
            string text = Tool.Run("xfs_logprint", "-t", folder["image"]).Text;
            Assert.Contains("<CLEAN>", text, StringComparison.Ordinal);
            string line = text.Split('\n').First(line => line.Contains("head:", StringComparison.Ordinal));
            long head = long.Parse(line.Split("head: ")[1].Split(' ')[0], CultureInfo.InvariantCulture);
            isWrapped |= head < last;
            last = head;
            Assert.Null(UsedVolume.Read(folder["image"]).WholeBecause);
            UsedVolume.AssertWhole(folder["dirty"], "xfs", "log was not replayed");
        }

        Assert.True(isWrapped, "the log was never written round");
    }

    [Fact]
    public void A_volume_of_many_terabytes_takes_little_memory()
    {
        Requires.Tool("mkfs.xfs", "xfs_db");
        using TemporaryFolder folder = new();
        string image = folder["image"];
        ToolResult made = Tool.TryRun("truncate", "-s", "15T", image);
        Assert.SkipUnless(made.ExitCode == 0, "the file system of temporary files has no files of 15 TiB");
        Tool.Run("mkfs.xfs", "-q", "-K", "-l", "size=64m", image);
        long before = GC.GetAllocatedBytesForCurrentThread();
        UsedBlocks used = UsedVolume.ReadPart(image, "xfs");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 << 20);
        Assert.InRange(used.Blocks.Count, 64 << 20, 128 << 20);
    }

    [Fact]
    public void What_may_change_the_maps_makes_it_a_whole_one()
    {
        Requires.Tool("mkfs.xfs", "xfs_db");
        using TemporaryFolder folder = new();
        Make(folder, string.Empty);
        Assert.Null(UsedVolume.Read(folder["image"]).WholeBecause);
        Change(folder, "sb 0", "write -d features_incompat 0x4003");
        UsedVolume.AssertWhole(folder["image"], "xfs", "incompat 4000");
        Make(folder, string.Empty);
        Change(folder, "sb 0", "write -d inprogress 1");
        UsedVolume.AssertWhole(folder["image"], "xfs", "mkfs did not finish");
        Make(folder, string.Empty);
        Change(folder, "agf 2", "write -d freeblks 5");
        UsedVolume.AssertWhole(folder["image"], "xfs", "its header says 5");
        Make(folder, string.Empty);
        Change(folder, "agf 1", "addr bnoroot", "write -d recs[1].blockcount 0");
        UsedVolume.AssertWhole(folder["image"], "xfs", "0 free blocks");
        Make(folder, "-l logdev=external");
        UsedVolume.AssertWhole(folder["image"], "xfs", "another device");
        Make(folder, string.Empty);
        Tool.Run("truncate", "-s", "-1M", folder["image"]);
        UsedVolume.AssertWhole(folder["image"], "xfs", "shorter than the file system");
    }

    [Theory]
    [InlineData("")]
    [InlineData("-m crc=0")]
    public void Damage_ends_in_a_map(string options)
    {
        Requires.Tool("mkfs.xfs");
        using TemporaryFolder folder = new();
        Make(folder, options);

        // What is tried are the superblock and the first group, in a volume that ends behind them.
        using MemorySource volume = new(File.ReadAllBytes(folder["image"]));
        HostileInput.Try(volume, UsedVolume.Touch);
        byte[] bytes = volume.ReadBytes(0, (int)volume.Length);
        Random random = new(4);
        for (int i = 0; i < 1000; i++)
        {
            int at = (random.Next(4) * (bytes.Length / 4 / 4096 * 4096)) + random.Next(8192);
            byte old = bytes[at];
            bytes[at] ^= (byte)(1 << random.Next(8));
            using MemorySource changed = new(bytes);
            UsedVolume.Touch(changed);
            bytes[at] = old;
        }
    }

    // Returns the path of what was put back onto garbage.
    private static string AssertMap(TemporaryFolder folder, string image)
    {
        UsedBlocks used = UsedVolume.ReadPart(image, "xfs");
        List<BlockRange> free = FreeRanges(image, out int groups, out long blockSize);
        long length = new FileInfo(image).Length;
        long slack = groups * FreeListBlocks * blockSize;
        foreach (BlockRange range in UsedVolume.Without(length, free))
        {
            Assert.True(used.Blocks.Contains(range.Offset, range.Length), $"{range} is in use");
        }

        long inUse = length - free.Sum(range => range.Length);
        Assert.InRange(used.Blocks.Count, inUse, inUse + slack);
        UsedVolume.AssertCoversPartclone(folder, "xfs", used, slack + 65536);

        string restored = UsedVolume.Restore(folder, used);
        UsedVolume.Check("xfs_repair -n {0} 2>&1", restored);
        return restored;
    }

    private static void Make(TemporaryFolder folder, string options) => Tool.Shell(
        $"cd '{folder.Path}'; PATH=$PATH:/usr/sbin; rm -f image external; truncate -s 300M image; "
        + $"truncate -s 100M external; mkfs.xfs -q -f -d agcount=4 {options} image");

    private static void Change(TemporaryFolder folder, params string[] commands) => Tool.Run(
        "xfs_db", ["-x", .. commands.SelectMany(command => (string[])["-c", command]), folder["image"]]);

    private static List<BlockRange> FreeRanges(string image, out int groups, out long blockSize)
    {
        Dictionary<string, long> fields = Tool.Run("xfs_db", "-r", "-c", "sb 0", "-c", "p", image).Text.Split('\n')
            .Select(line => line.Split(" = "))
            .Where(pair => pair.Length == 2 && long.TryParse(pair[1], CultureInfo.InvariantCulture, out _))
            .ToDictionary(pair => pair[0], pair => long.Parse(pair[1], CultureInfo.InvariantCulture));
        groups = (int)fields["agcount"];
        long size = blockSize = fields["blocksize"];
        return
        [
            .. Tool.Run("xfs_db", "-r", "-c", "freesp -d", image).Text.Split('\n')
                .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .SkipWhile(words => words is ["agno", ..])
                .TakeWhile(words => words.Length == 3 && words.All(word => word.All(char.IsAsciiDigit)))
                .Select(words => words.Select(word => long.Parse(word, CultureInfo.InvariantCulture)).ToArray())
                .Select(n => new BlockRange(((n[0] * fields["agblocks"]) + n[1]) * size, n[2] * size))
                .OrderBy(range => range.Offset),
        ];
    }
}
