using System.Buffers.Binary;
using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Linux;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Ntfs;

/// <summary>Volumes that are not as they should be. What no tool does to them is done here, byte by byte.</summary>
public sealed class NtfsStateTests
{
    private const int RecordSize = 1024;

    [Fact]
    public void A_dirty_volume_is_shown_with_a_warning()
    {
        Requires.Tool([.. NtfsImage.Tools, "ntfsfix"]);
        using TemporaryFolder folder = new();
        string image = NtfsImage.Make(folder, "-c 4096", "16M", "echo x > file", after: "ntfsfix image > fix.log");
        using FileSource volume = FileSource.Open(image);
        using FileTree tree = NtfsImage.Open(volume);
        Assert.Contains(tree.Volume.Warnings, warning => warning.Contains("dirty", StringComparison.Ordinal));
        Assert.Equal("x\n"u8.ToArray(), TreeWalk.ReadFile(tree, "file"));
    }

    [Fact]
    public void A_journal_that_is_in_use_is_a_warning()
    {
        Requires.Tool("ntfs-3g.probe");
        using TemporaryFolder folder = new();
        using ImageSample sample = ImageSample.Open("ewf/velocidex-ntfs.E01");
        byte[] bytes = sample.Disk.ReadBytes(0, (int)sample.Disk.Length);
        AssertUnclean(folder["used"], bytes);

        // As Windows leaves both restart pages when it lets go of the volume, but for the clients.
        int[] pages = [bytes.AsSpan().IndexOf("RSTR"u8), bytes.AsSpan().IndexOf("RSTR"u8) + 4096];
        foreach (int page in pages)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(page + 26), 0x0001_0001);
        }

        AssertUnclean(folder["old"], bytes);
        foreach (int page in pages)
        {
            int area = page + BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(page + 24));
            bytes.AsSpan(area + 12, 2).Fill(0xff);
        }

        File.WriteAllBytes(folder["clean"], bytes);
        Tool.Run("ntfs-3g.probe", "--readwrite", folder["clean"]);
        Assert.Empty(Warnings(bytes));
    }

    [Fact]
    public void The_copy_of_the_first_record_is_used_when_it_is_damaged()
    {
        using TemporaryFolder folder = new();
        byte[] bytes = Made(folder, "echo x > file");
        MftOf(bytes)[..4].Clear();
        using MemorySource volume = new(bytes);
        using FileTree tree = NtfsImage.Open(volume);
        Assert.Contains(tree.Volume.Warnings, warning => warning.Contains("copy", StringComparison.Ordinal));
        Assert.Equal("x\n"u8.ToArray(), TreeWalk.ReadFile(tree, "file"));
    }

    [Fact]
    public void An_encrypted_file_is_listed_and_refused_by_name()
    {
        using TemporaryFolder folder = new();
        byte[] bytes = Made(folder, "head -c 9000 /dev/zero > file");
        DataOf(bytes, "file")[13] |= 0x40;
        using MemorySource volume = new(bytes);
        using FileTree tree = NtfsImage.Open(volume);
        NodeInfo node = TreeWalk.Find(tree, "file");
        Assert.Equal(9000, node.Size);
        Assert.Contains(
            "EFS",
            Assert.Throws<UnsupportedFeatureException>(() => tree.OpenFile(node.Id)).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("compressed/file")]
    public void What_was_never_written_is_zero(string path)
    {
        using TemporaryFolder folder = new();
        byte[] bytes = Made(
            folder,
            """
            head -c 300000 /dev/urandom > plain
            mkdir compressed
            setfattr -h -v 0x00000800 -n system.ntfs_attrib_be compressed
            (seq 20000; head -c 150000 /dev/urandom; seq 20000) > compressed/file
            """);
        byte[] expected = Content(bytes, path);
        foreach (int written in (int[])[200_001, 100_000, 65536, 1])
        {
            BinaryPrimitives.WriteInt64LittleEndian(DataOf(bytes, path)[56..], written);
            expected.AsSpan(written).Clear();
            using MemorySource volume = new(bytes);
            using FileTree tree = NtfsImage.Open(volume);
            Assert.True(expected.AsSpan().SequenceEqual(TreeWalk.ReadFile(tree, path)), $"{written} bytes");
            using BlockSource file = tree.OpenFile(TreeWalk.Find(tree, path).Id);
            Assert.Equal(new Extent(written, expected.Length - written, ExtentKind.Zero), file.GetExtent(written));
            SourceContract.ExtentsTile(file);
        }
    }

    [Fact]
    public void A_record_that_was_used_again_or_written_in_part_fails_its_own_name_only()
    {
        using TemporaryFolder folder = new();
        byte[] bytes = Made(folder, "echo a > again; echo b > torn; echo c > sound");
        MftOf(bytes)[((int)InodeOf(bytes, "again") * RecordSize) + 16]++;
        MftOf(bytes)[((int)InodeOf(bytes, "torn") * RecordSize) + 510]++;
        using MemorySource volume = new(bytes);
        using FileTree tree = NtfsImage.Open(volume);
        string[] names = [.. tree.ReadDirectory(tree.Root.Id, 0).Select(entry => TreeWalk.Text(entry.Name)).Order()];
        Assert.Equal(["again", "sound", "torn"], names);
        Assert.Throws<ImageFormatException>(() => TreeWalk.ReadFile(tree, "again"));
        Assert.Throws<ImageFormatException>(() => TreeWalk.ReadFile(tree, "torn"));
        Assert.Equal("c\n"u8.ToArray(), TreeWalk.ReadFile(tree, "sound"));
    }

    [Fact]
    public void A_damaged_block_of_a_directory_hides_its_own_names_only()
    {
        using TemporaryFolder folder = new();
        byte[] bytes = Made(folder, "mkdir many; seq -f 'a-name-of-some-length-%04g' 500 | (cd many && xargs touch)");
        int[] blocks = [.. Enumerable.Range(0, bytes.Length / 4096).Select(i => i * 4096)
            .Where(at => bytes.AsSpan(at).StartsWith("INDX"u8)
                && bytes.AsSpan(at, 4096).IndexOf(Encoding.Unicode.GetBytes("a-name-of")) > 0)];
        Assert.True(blocks.Length > 4);
        bytes[blocks[1]] = 0;
        using MemorySource volume = new(bytes);
        using FileTree tree = NtfsImage.Open(volume);
        NodeInfo many = TreeWalk.Find(tree, "many");
        int count = 0;
        Assert.Throws<ImageFormatException>(() =>
        {
            foreach (DirectoryEntry _ in tree.ReadDirectory(many.Id, 0))
            {
                count++;
            }
        });
        Assert.InRange(count, 400, 490);
    }

    [Fact]
    public void Names_that_are_no_unicode_or_too_long_stay_distinct()
    {
        using TemporaryFolder folder = new();

        // 100 characters of three bytes each, and names whose placeholder becomes one half of a pair.
        byte[] bytes = Made(
            folder,
            "echo a > \"$(printf '語%.0s' $(seq 100))a\"; echo b > \"$(printf '語%.0s' $(seq 100))b\"\n"
                + "echo c > half-X; echo d > half-Y");
        Replace(bytes, "half-X", "half-\ud800");
        Replace(bytes, "half-Y", "half-\udc01");
        using MemorySource volume = new(bytes);
        using FileTree tree = NtfsImage.Open(volume);
        byte[][] names = [.. tree.ReadDirectory(tree.Root.Id, 0).Select(entry => entry.Name.ToArray())];
        Assert.Equal(4, names.Length);
        Assert.All(names, name => Assert.True(name.Length <= 255 && tree.TryLookup(tree.Root.Id, name, out _)));
        Assert.Equal(4, names.Select(Convert.ToHexString).Distinct().Count());
        Assert.Contains(names, name => name.AsSpan().SequenceEqual((byte[])[.. "half-"u8, 0xed, 0xa0, 0x80]));
        Assert.Contains(names, name => name.AsSpan().SequenceEqual((byte[])[.. "half-"u8, 0xed, 0xb0, 0x81]));
    }

    [Fact]
    public void An_image_that_is_cut_off_is_read_as_far_as_it_goes()
    {
        using TemporaryFolder folder = new();
        byte[] bytes = Made(folder, "echo x > file; head -c 12000000 /dev/zero > large");
        using MemorySource volume = new(bytes.AsMemory(0, bytes.Length / 2));
        using FileTree tree = NtfsImage.Open(volume);
        Assert.Contains(tree.Volume.Warnings, warning => warning.Contains("only", StringComparison.Ordinal));
        Assert.Equal("x\n"u8.ToArray(), TreeWalk.ReadFile(tree, "file"));
        Assert.ThrowsAny<IOException>(() => TreeWalk.ReadFile(tree, "large"));
    }

    private static void AssertUnclean(string path, byte[] bytes)
    {
        File.WriteAllBytes(path, bytes);
        Assert.Contains(
            "unclean", Tool.TryRun("ntfs-3g.probe", "--readwrite", path).Error, StringComparison.Ordinal);
        Assert.Contains(Warnings(bytes), warning => warning.Contains("journal", StringComparison.Ordinal));
    }

    private static IEnumerable<string> Warnings(byte[] bytes)
    {
        using MemorySource volume = new(bytes);
        using FileTree tree = NtfsImage.Open(volume);
        return tree.Volume.Warnings;
    }

    private static byte[] Made(TemporaryFolder folder, string fill)
    {
        Requires.Tool(NtfsImage.Tools);
        return File.ReadAllBytes(NtfsImage.Make(folder, "-c 4096", "16M", fill));
    }

    private static ulong InodeOf(byte[] bytes, string path)
    {
        using MemorySource volume = new(bytes);
        using FileTree tree = NtfsImage.Open(volume);
        return TreeWalk.Find(tree, path).Inode;
    }

    private static byte[] Content(byte[] bytes, string path)
    {
        using MemorySource volume = new(bytes);
        using FileTree tree = NtfsImage.Open(volume);
        return TreeWalk.ReadFile(tree, path);
    }

    // The attribute of a file that has its data.
    private static Span<byte> DataOf(byte[] bytes, string path)
    {
        Span<byte> record = MftOf(bytes)[((int)InodeOf(bytes, path) * RecordSize)..];
        int at = record[20];
        while (record[at] != 0x80)
        {
            at += BinaryPrimitives.ReadInt32LittleEndian(record[(at + 4)..]);
        }

        return record[at..];
    }

    private static Span<byte> MftOf(byte[] bytes) =>
        bytes.AsSpan((int)BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(48)) * 4096);

    private static void Replace(byte[] bytes, string old, string name)
    {
        byte[] wanted = Encoding.Unicode.GetBytes(old);
        byte[] units = [.. name.SelectMany(unit => BitConverter.GetBytes((ushort)unit))];
        for (int at = bytes.AsSpan().IndexOf(wanted); at >= 0; at = bytes.AsSpan().IndexOf(wanted))
        {
            units.CopyTo(bytes, at);
        }
    }
}
