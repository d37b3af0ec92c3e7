using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Fat;
using Imaged.Formats.Model;
using Imaged.Linux;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Fat;

/// <summary>Volumes of mkfs.fat and mtools: what was copied in is what is read.</summary>
public sealed partial class FatToolTests
{
    [Theory]
    [InlineData("FAT12", 1440, "")]
    [InlineData("FAT12", 720, "")]
    [InlineData("FAT12", 2880, "-n FLOPPY")]
    [InlineData("FAT12", 16384, "-F 12 -s 16 -f 1 -n 'a label'")]
    [InlineData("FAT12", 8192, "-F 12 -S 1024 -s 4")]
    [InlineData("FAT16", 8192, "-F 16 -s 1 -r 1024")]
    [InlineData("FAT16", 65536, "-F 16 -s 4 -i 12345678")]
    [InlineData("FAT16", 65536, "-F 16 -S 2048 -s 2")]
    [InlineData("FAT16", 65536, "-F 16 -S 4096 -s 1")]
    [InlineData("FAT32", 49152, "-F 32 -s 1 -n BIG")]
    [InlineData("FAT32", 40960, "-F 32 -s 1 -R 8 -f 1")]
    [InlineData("FAT32", 270336, "-F 32 -S 4096 -s 1")]
    [InlineData("FAT32", 270336, "-F 32 -s 8 -i 00010002")]
    public void Tree_is_what_mtools_copied_in(string version, int kilobytes, string options)
    {
        Requires.Tool("mkfs.fat", "mcopy", "blkid", "fsck.fat");
        using TemporaryFolder folder = new();
        bool isLarge = kilobytes > 4000;
        FatImages.MakeTree(folder["tree"], large: isLarge ? 700_000 : 150_000, many: isLarge ? 300 : 40);
        string image = FatImages.Make(folder, kilobytes, options);
        using FileSource volume = FileSource.Open(image);
        using FileTree tree = FatImages.Open(volume);
        CompareWithFolder(tree, folder["tree"]);

        VolumeInfo info = FatFileSystem.Probe(volume)!;
        Assert.Equal(version, info.Version);
        Assert.Empty(info.Warnings);
        CompareWithBlkid(info, image);

        // "image: 12 files, 34/5678 clusters"
        System.Text.RegularExpressions.Match used = Clusters().Match(Tool.Run("fsck.fat", "-n", image).Text);
        TreeStatistics statistics = tree.Statistics;
        Assert.Equal(
            long.Parse(used.Groups[2].ValueSpan, CultureInfo.InvariantCulture),
            statistics.TotalBytes / statistics.BlockSize);
        Assert.Equal(
            long.Parse(used.Groups[1].ValueSpan, CultureInfo.InvariantCulture),
            (statistics.TotalBytes - statistics.FreeBytes) / statistics.BlockSize);
    }

    [Theory]
    [InlineData(160)]
    [InlineData(180)]
    [InlineData(320)]
    [InlineData(360)]
    public void Floppy_without_a_parameter_block_is_told_by_its_size_and_media_byte(int kilobytes)
    {
        Requires.Tool("mformat", "mcopy");
        using TemporaryFolder folder = new();
        string image = folder["floppy.img"];
        Directory.CreateDirectory(folder["tree"]);
        for (int i = 0; i < 10; i++)
        {
            byte[] bytes = [.. Enumerable.Range(0, 1000 * i).Select(j => (byte)(i + (j / 7)))];
            File.WriteAllBytes(folder[$"tree/FILE{i}.BIN"], bytes);
        }

        Tool.Shell($"""
            mformat -C -f {kilobytes} -i {image} ::
            mcopy -i {image} {folder["tree"]}/* ::
            dd if=/dev/zero of={image} bs=512 count=1 conv=notrunc status=none
            """);
        using FileSource volume = FileSource.Open(image);
        using FileTree tree = FileSystems.Open(volume, null, new FileTreeOptions(new BlockCache(1 << 20)));
        Assert.Equal("FAT12", tree.Volume.Version);
        CompareWithFolder(tree, folder["tree"]);
    }

    [Fact]
    public void Only_the_active_fat_counts_when_mirroring_is_off()
    {
        Requires.Tool("mkfs.fat", "mcopy");
        using TemporaryFolder folder = new();
        FatImages.MakeTree(folder["tree"], 100_000, 40);
        byte[] image = File.ReadAllBytes(FatImages.Make(folder, 40960, "-F 32 -s 1"));
        int fatLength = BitConverter.ToInt32(image, 36) * 512;
        int fat = BitConverter.ToUInt16(image, 14) * 512;
        image.AsSpan(fat, fatLength).Clear();
        image[40] = 0x81;
        using MemorySource volume = new(image);
        using FileTree tree = FatImages.Open(volume);
        CompareWithFolder(tree, folder["tree"]);
    }

    [Fact]
    public void Short_names_are_shown_as_mtools_shows_them()
    {
        Requires.Tool("mkfs.fat", "mcopy", "mdir");
        using TemporaryFolder folder = new();
        string image = folder["fat.img"];
        File.WriteAllText(folder["AAAAAAA1.TXT"], "x");
        File.WriteAllText(folder["AAAAAAA2.TXT"], "x");
        File.WriteAllText(folder["AAAAAAA3.TXT"], "x");
        File.WriteAllText(folder["AAAAAAA4.TXT"], "x");
        Tool.Shell($"cd {folder.Path}; mkfs.fat -C {image} 1440 > log; mcopy -i {image} A* ::");
        byte[] bytes = File.ReadAllBytes(image);
        int root = (1 + (2 * 9)) * 512;
        bytes[root + 12] = 0x08;
        bytes[root + 32 + 12] = 0x18;
        bytes[root + 64] = 0x05;
        bytes[root + 64 + 1] = 0x81;
        bytes[root + 96 + 1] = 0xe1;
        bytes[root + 96 + 12] = 0x10;
        File.WriteAllBytes(image, bytes);

        // mdir -b prints "::/name"; code page 437 for the upper half, as ours.
        string[] expected = [.. Tool.Run("env", "MTOOLS_SKIP_CHECK=1", "mdir", "-b", "-i", image, "::").Text
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line[3..])];
        using MemorySource volume = new(bytes);
        using FileTree tree = FatImages.Open(volume);
        string[] names = [.. TreeWalk.AllPaths(tree).Select(item => item.Path)];
        Assert.Equal(["aaaaaaa1.TXT", "aaaaaaa2.txt", "σüAAAAA3.TXT", "AßAAAAA4.txt"], names);
        Assert.Equal(expected[..2], names[..2]);
    }

    [Fact]
    public void Names_are_found_in_any_case_by_their_alias_and_with_dots_behind()
    {
        Requires.Tool("mkfs.fat", "mcopy");
        using TemporaryFolder folder = new();
        FatImages.MakeTree(folder["tree"], 100_000, 40);
        using FileSource volume = FileSource.Open(FatImages.Make(folder, 2880, string.Empty));
        using FileTree tree = FatImages.Open(volume);
        Assert.Equal(TreeWalk.Find(tree, "names/Mixed Case.Text"), TreeWalk.Find(tree, "NAMES/mixed case.TEXT"));
        Assert.Equal(TreeWalk.Find(tree, "names/Mixed Case.Text"), TreeWalk.Find(tree, "NAMES/MIXEDC~1.TEX"));
        Assert.Equal(TreeWalk.Find(tree, "names/ümläut.txt"), TreeWalk.Find(tree, "names/ÜMLÄUT.TXT"));
        Assert.Equal(TreeWalk.Find(tree, "names/lower.txt"), TreeWalk.Find(tree, "names/LOWER.TXT.."));
        Assert.False(tree.TryLookup(tree.Root.Id, [0xc3], out _));
        Assert.False(tree.TryLookup(tree.Root.Id, "."u8, out _));
    }

    // mcopy takes minutes for so many: the entries are written here, and mdir says what they are.
    [Fact]
    public void Every_name_of_a_large_directory_is_found_and_no_other()
    {
        Requires.Tool("mkfs.fat", "mdir");
        using TemporaryFolder folder = new();
        string image = folder["image"];
        Tool.Run("mkfs.fat", "-C", "-F", "16", "-r", "4096", image, "20000");
        byte[] bytes = File.ReadAllBytes(image);
        int root = (BitConverter.ToUInt16(bytes, 14) + (bytes[16] * BitConverter.ToUInt16(bytes, 22))) * 512;
        for (int i = 0; i < 4000; i++)
        {
            Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"F{i:d7}{i % 999:d3}"))
                .CopyTo(bytes, root + (i * 32));
        }

        File.WriteAllBytes(image, bytes);
        string[] expected = [.. Tool.Run("env", "MTOOLS_SKIP_CHECK=1", "mdir", "-b", "-i", image, "::").Text
            .Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line[3..])];
        Assert.Equal(4000, expected.Length);
        using MemorySource volume = new(bytes);
        using FileTree tree = FatFileSystem.Open(volume, new FileTreeOptions(new BlockCache(4 << 20)));
        Assert.Equal(expected, tree.ReadDirectory(tree.Root.Id, 0).Select(entry => TreeWalk.Text(entry.Name)));
        for (int i = 0; i < expected.Length; i++)
        {
            byte[] name = Encoding.ASCII.GetBytes(i % 2 == 0 ? expected[i] : expected[i].ToLowerInvariant());
            Assert.True(tree.TryLookup(tree.Root.Id, name, out NodeInfo node));
            Assert.Equal((ulong)(root + (i * 32)), node.Id);
        }

        Assert.False(tree.TryLookup(tree.Root.Id, "F0000000.001"u8, out _));
    }

    internal static void CompareWithFolder(FileTree tree, string folder)
    {
        Dictionary<string, NodeInfo> nodes =
            TreeWalk.AllPaths(tree).ToDictionary(item => item.Path, item => item.Entry.Node);
        List<string> missing = [];
        DirectoryInfo root = new(folder);
        foreach (System.IO.FileSystemInfo info in root.EnumerateFileSystemInfos("*", SearchOption.AllDirectories))
        {
            string path = Path.GetRelativePath(folder, info.FullName);
            if (!nodes.Remove(path, out NodeInfo node))
            {
                missing.Add(path);
            }
            else if (info is FileInfo file)
            {
                Assert.Equal(FileType.Regular, node.Type);
                byte[] expected = File.ReadAllBytes(info.FullName);
                Assert.Equal(expected.Length, node.Size);
                using BlockSource source = tree.OpenFile(node.Id);
                Assert.True(expected.AsSpan().SequenceEqual(source.ReadBytes(0, expected.Length)), path);
                if (file.LastWriteTimeUtc.Year < 2000)
                {
                    Assert.Equal(Timestamp.From(file.LastWriteTimeUtc), node.Modified);
                }
            }
            else
            {
                Assert.Equal(FileType.Directory, node.Type);
            }
        }

        Assert.Equal([], missing);
        Assert.Equal([], nodes.Keys);
    }

    internal static void CompareWithBlkid(VolumeInfo info, string image)
    {
        Dictionary<string, string> blkid = Blkid.Probe(image);
        Assert.Equal("vfat", blkid["TYPE"]);
        Assert.Equal(blkid["VERSION"], info.Version);
        Assert.Equal(blkid.GetValueOrDefault("LABEL"), info.Label);
        Assert.Equal(blkid.GetValueOrDefault("UUID"), info.Uuid);
    }

    [GeneratedRegex("([0-9]+)/([0-9]+) clusters")]
    private static partial Regex Clusters();
}
