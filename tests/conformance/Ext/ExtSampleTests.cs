using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Ext;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Ext;

/// <summary>Volumes that other people made, many of them damaged on purpose.</summary>
public sealed class ExtSampleTests
{
    private const long MaxAllocation = 256L << 20;

    // No measure of speed: it only tells a loop from slow work.
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private static readonly HashSet<string> NotComparable =
    [
        // e2fsck cannot repair them: no file system, journals of others, a broken symbolic link.
        "ext-corrupt/f_detect_junk.bz2",
        "ext-corrupt/f_ext_journal.gz",
        "ext-corrupt/f_inlinedir_bad_symlink.gz",
        "ext-corrupt/j_ext_dumpe2fs.gz",

        // debugfs writes out a hole of 250 GB.
        "ext-corrupt/f_big_sparse.gz",

        // debugfs extracts encrypted names as they are.
        "ext-corrupt/f_short_encrypted_dirent.gz",
    ];

    public static TheoryData<string> Whole =>
    [
        "raw/tsk-ext2.dd",
        "raw/ext4.dat.gz",
        "blkid/ext3.img.xz",
        "blkid/ext4.img.xz",
    ];

    public static TheoryData<string> Damaged => Samples.Available
        ? [.. Directory.GetFiles(Path.Combine(Samples.Root, "ext-corrupt")).Order(StringComparer.Ordinal)
            .Select(path => Path.GetRelativePath(Samples.Root, path))]
        : ["ext-corrupt/f_badinode.gz"];

    public static TheoryData<string> Repairable =>
        [.. Damaged.Select(row => row.Data).Where(sample => !NotComparable.Contains(sample))];

    [Theory]
    [MemberData(nameof(Whole))]
    [MemberData(nameof(Damaged))]
    public void Version_label_and_uuid_are_what_blkid_says(string sample)
    {
        Requires.Tool("blkid");
        string path = Samples.Get(sample);
        Dictionary<string, string> told = Tool.TryRun("blkid", "-p", "-o", "export", path).Text.Split('\n')
            .Where(line => line.Contains('=', StringComparison.Ordinal))
            .ToDictionary(line => line.Split('=', 2)[0], line => line.Split('=', 2)[1]);
        using BlockSource volume = ExtImage.OpenVolume(path);
        VolumeInfo? found = ExtFileSystem.Probe(volume);
        if (found is not null
            && found.Warnings.Any(text => text.Contains("checksum of the superblock", StringComparison.Ordinal)))
        {
            // blkid does not name a volume whose superblock is damaged; the tree may still be of use.
            return;
        }

        string? type = told.GetValueOrDefault("TYPE");
        Assert.Equal(type is "ext2" or "ext3" or "ext4" ? type : null, found?.Version);
        if (found is not null)
        {
            Assert.Equal(told.GetValueOrDefault("LABEL"), found.Label);
            Assert.Equal(told.GetValueOrDefault("UUID"), found.Uuid);
        }
    }

    [Theory]
    [MemberData(nameof(Whole))]
    public void Files_are_what_debugfs_extracts(string sample)
    {
        Requires.Tool("debugfs");
        CompareWithDebugfs(Samples.Get(sample), 0);
    }

    [Fact]
    public void A_volume_in_two_parts_is_what_debugfs_extracts_of_both()
    {
        Requires.Tool("debugfs");
        using TemporaryFolder folder = new();
        string first = Samples.Get("raw/dfvfs-splitraw/ext2.splitraw.000.xz");
        string second = Samples.Get("raw/dfvfs-splitraw/ext2.splitraw.001.xz");
        Tool.Shell($"cat '{first}' '{second}' > '{folder["whole"]}'");
        CompareWithDebugfs(folder["whole"], 1);
    }

    [Fact]
    public void A_volume_in_a_partition_is_what_debugfs_extracts_of_it()
    {
        Requires.Tool("debugfs", "sfdisk");
        using TemporaryFolder folder = new();
        string disk = Samples.Get("raw/libguestfs-mbr-ext2.img.gz");
        Tool.Shell($$"""
            start=$(sfdisk -d '{{disk}}' | sed -n 's/.*start= *\([0-9]*\).*/\1/p' | head -1)
            dd if='{{disk}}' of='{{folder["partition"]}}' bs=512 skip=$start status=none
            """);
        CompareWithDebugfs(folder["partition"], 1);
    }

    [Theory]
    [MemberData(nameof(Damaged))]
    public void A_damaged_volume_ends_in_success_or_a_named_error(string sample)
    {
        using BlockSource volume = ExtImage.OpenVolume(Samples.Get(sample));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Stopwatch time = Stopwatch.StartNew();
        HostileInput.Allow(() =>
        {
            using FileTree tree = ExtImage.Open(volume);
            TreeWalk.Touch(tree);
        });
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MaxAllocation);
        Assert.True(time.Elapsed < Limit, $"took {time.Elapsed}");
    }

    [Theory]
    [MemberData(nameof(Repairable))]
    public void A_volume_repaired_by_e2fsck_is_what_debugfs_extracts(string sample)
    {
        Requires.Tool("debugfs", "e2fsck");
        using TemporaryFolder folder = new();
        string image = folder["image"];
        Tool.Shell($"cp --sparse=always '{Samples.Get(sample)}' '{image}'; chmod u+w '{image}'");

        // A second time, because one run is not enough for each of them.
        int result = Tool.TryRun("e2fsck", "-fy", image).ExitCode;
        result = result > 1 ? Tool.TryRun("e2fsck", "-fy", image).ExitCode : result;
        Assert.InRange(result, 0, 1);
        CompareWithDebugfs(image, 0);
    }

    // rdump extracts directories, regular files and symbolic links.
    private static void CompareWithDebugfs(string image, int atLeast)
    {
        using TemporaryFolder folder = new();
        Tool.Run("debugfs", "-R", $"rdump / {folder.Path}", image);
        using BlockSource volume = ExtImage.OpenVolume(image);
        using FileTree tree = ExtImage.Open(volume);
        SortedDictionary<string, string> expected = new(StringComparer.Ordinal);
        foreach (System.IO.FileSystemInfo item in
            new DirectoryInfo(folder.Path).EnumerateFileSystemInfos("*", SearchOption.AllDirectories))
        {
            string path = Path.GetRelativePath(folder.Path, item.FullName);
            expected[path] = item switch
            {
                { LinkTarget: { } target } => "link " + target,
                DirectoryInfo => "directory",
                _ => "file " + Sum(Cut(File.ReadAllBytes(item.FullName), TreeWalk.Find(tree, path).Size)),
            };
        }

        SortedDictionary<string, string> actual = new(StringComparer.Ordinal);
        foreach ((string path, NodeInfo directory, DirectoryEntry entry) in TreeWalk.AllPaths(tree))
        {
            string? text = entry.Node.Type switch
            {
                FileType.Directory => "directory",
                FileType.SymbolicLink => "link " + Encoding.UTF8.GetString(tree.ReadLink(entry.Node.Id).Span),
                FileType.Regular => "file " + Sum(TreeWalk.ReadFile(tree, path)),
                _ => null,
            };
            // A link to nothing cannot be made.
            if (text is not null and not "link ")
            {
                actual[path] = text;
            }

            Assert.True(tree.TryLookup(directory.Id, entry.Name.Span, out NodeInfo found), path);
            Assert.Equal(entry.Node, found);
        }

        Assert.Equal(expected, actual);
        Assert.InRange(actual.Count, atLeast, int.MaxValue);
    }

    // debugfs extracts 60 bytes of data in an inode at least, whatever the size of the file.
    private static byte[] Cut(byte[] bytes, long size) => bytes.Length is 60 && size < 60 ? bytes[..(int)size] : bytes;

    private static string Sum(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
