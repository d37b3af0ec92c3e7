using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Images.Compressed;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Compressed;

/// <summary>Streams without points, older formats, and the index that is kept.</summary>
public sealed class StreamTests
{
    [Theory]
    [InlineData("xz --format=lzma -3 -c disk.img", "lzma", "disk.img.lzma")]
    [InlineData("compress -c disk.img", "compress", "disk.img.Z")]
    [InlineData("compress -b 12 -c disk.img", "compress", "disk.img.Z")]
    [InlineData("xz -0 -T1 -c disk.img", "xz", "disk.img.xz")]
    public void A_stream_is_read_in_one_direction_and_again(string command, string format, string name)
    {
        Requires.Tool(command.Split(' ')[0]);
        using TemporaryFolder folder = new();
        byte[] content = CompressedFile.MakeDisk(folder);
        CompressedFile.AssertHolds(content, CompressedFile.Pack(folder, command), format, name);
    }

    [Fact]
    public void A_large_block_is_read_with_and_without_a_spool()
    {
        Requires.Tool("xz");

        // 80 MiB in blocks of 40: more than is decoded as a whole, and more than is spooled in memory.
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            cd {folder.Path}; seq 1 12000000 >disk.img; truncate -s 80M disk.img
            xz -0 -T1 --block-size=40MiB -k disk.img
            """);
        byte[] content = File.ReadAllBytes(folder["disk.img"]);
        byte[] packed = File.ReadAllBytes(folder["disk.img.xz"]);
        foreach (MemoryStore? store in (MemoryStore?[])[new() { HasSpool = false }, null])
        {
            using MemorySource source = new(packed);
            using DiskImage image = CompressedFile.Open(source, "disk.img.xz", store);
            Assert.True(image.Content.IsOneWay);
            foreach (int offset in new[] { 0, 41 << 20, 3 << 20, 79 << 20, 70 << 20, 1000, (40 << 20) - 500 })
            {
                CompressedFile.AssertSame(content.AsSpan(offset, 1000), image.Content.ReadBytes(offset, 1000));
            }

            CompressedFile.AssertSame(content, image.Content.ReadBytes(0, content.Length));
        }
    }

    [Fact]
    public void One_pass_spools_nothing_and_goes_back_all_the_same()
    {
        Requires.Tool("xz");
        using TemporaryFolder folder = new();
        Tool.Shell($"cd {folder.Path}; seq 1 12000000 >disk.img; truncate -s 80M disk.img; xz -0 -T1 -k disk.img");
        byte[] content = File.ReadAllBytes(folder["disk.img"]);
        byte[] packed = File.ReadAllBytes(folder["disk.img.xz"]);
        CountingStore store = new();
        using MemorySource source = new(packed);
        using DiskImage image = CompressedFile.Open(source, "disk.img.xz", store);
        image.Content.ReadBytes(0, 3 << 20);
        long before = store.Written;
        image.Content.ExpectOnePass();

        // Pieces by several readers: whoever is second finds his piece decoded already.
        Parallel.For(0, 80, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i => CompressedFile.AssertSame(
            content.AsSpan(i << 20, 1 << 20), image.Content.ReadBytes((long)i << 20, 1 << 20)));
        Assert.Equal(before, store.Written);
        foreach (int offset in new[] { 70 << 20, 5 << 20, 1000 })
        {
            CompressedFile.AssertSame(content.AsSpan(offset, 1000), image.Content.ReadBytes(offset, 1000));
        }
    }

    [Fact]
    public void Whoever_only_looks_decodes_the_beginning_alone()
    {
        Requires.Tool("xz", "mkfs.ext4", "sfdisk");

        // Damaged behind its first megabytes: whoever decoded that far would find it.
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            cd {folder.Path}; seq 1 9000000 >disk.img; truncate -s 64M disk.img
            echo 'label: gpt
            start=2048, size=20480' | sfdisk -q --no-reread --no-tell-kernel disk.img
            mkfs.ext4 -q -F -E offset=1048576 disk.img 10M
            xz -0 -T1 -k --check=none disk.img
            """);
        byte[] packed = File.ReadAllBytes(folder["disk.img.xz"]);
        packed.AsSpan(packed.Length * 2 / 3, 1000).Clear();
        using MemorySource source = new(packed);
        using ImageStack stack = CompressedFile.OpenStack(source, "disk.img.xz");
        BlockSource disk = stack.Innermost.Content;
        Assert.True(disk.IsOneWay);
        PartitionTable table = PartitionTables.Read(disk)!;
        Partition partition = Assert.Single(table.Partitions);
        Assert.Empty(table.Warnings);
        using SliceSource slice = new(disk, partition.Offset, partition.Length);
        Assert.Equal("ext", FileSystems.Probe(slice)[0].FileSystem);
        _ = FileSystems.Probe(disk);
        Assert.Throws<ImageFormatException>(() => disk.ReadBytes(disk.Length - 1, 1));
    }

    [Fact]
    public void An_index_that_was_changed_is_not_believed()
    {
        Requires.Tool("gzip");
        byte[] packed = Tool.Shell("seq 1 3000000 | gzip -1").Output;
        MemoryStore store = new();
        using MemorySource source = new(packed);
        byte[] content;
        using (DiskImage image = CompressedFile.Open(source, "disk.gz", store))
        {
            content = image.Content.ReadBytes(0, (int)image.Content.Length);
        }

        (string key, byte[] index) = Assert.Single(store.Saved);
        Assert.NotNull(SeekIndex.TryParse(index, packed.Length));
        Assert.Null(SeekIndex.TryParse(index, packed.Length / 2));
        Random random = new(3);
        for (int i = 0; i < 200; i++)
        {
            byte[] changed = [.. index];
            changed[random.Next(changed.Length)] ^= (byte)random.Next(1, 256);
            Assert.Null(SeekIndex.TryParse(changed, packed.Length));
            Assert.Null(SeekIndex.TryParse(index.AsSpan(0, random.Next(index.Length)), packed.Length));
        }

        index[^1] ^= 1;
        store.Saved[key] = index;
        using DiskImage again = CompressedFile.Open(source, "disk.gz", store);
        CompressedFile.AssertSame(content, again.Content.ReadBytes(0, content.Length));
        Assert.NotEqual(index, store.Saved[key]);
    }

    [Fact]
    public void An_index_with_right_sums_and_wrong_points_yields_errors_not_bytes()
    {
        Requires.Tool("gzip", "bzip2");
        foreach (string tool in (string[])["gzip -1", "bzip2 -1"])
        {
            byte[] packed = Tool.Shell($"seq 1 3000000 | {tool}").Output;
            MemoryStore store = new();
            using MemorySource source = new(packed);
            CompressedFile.Open(source, "disk", store).Dispose();
            (string key, byte[] raw) = Assert.Single(store.Saved);
            SeekIndex index = SeekIndex.TryParse(raw, packed.Length)!;
            SeekPoint wrong = index.Points[1];
            SeekPoint[] candidates =
            [
                wrong with { StoredBits = wrong.StoredBits + 1 }, wrong with { State = [1, 2, 3] },
                wrong with { State = null }, wrong with { State = [] },
                wrong with { StoredLength = 1 }, wrong with { Check = 5 },
            ];
            foreach (SeekPoint candidate in candidates)
            {
                SeekPoint[] points = [.. index.Points];
                points[1] = candidate;
                store.Saved[key] = (index with { Points = points }).Serialize();
                using DiskImage image = CompressedFile.Open(source, "disk", store);
                Assert.Equal("1\n2\n"u8.ToArray(), image.Content.ReadBytes(0, 4));
                Assert.Throws<ImageFormatException>(() => image.Content.ReadBytes(wrong.Offset + 5, 1));
            }
        }
    }

    // Keeps nothing but how much was spooled.
    private sealed class CountingStore : ISeekIndexStore, ISpool
    {
        private readonly MemorySpool _spool = new();
        private long _written;

        public long Written => Volatile.Read(ref _written);

        public byte[]? TryLoad(ReadOnlySpan<byte> key) => null;

        public void Save(ReadOnlySpan<byte> key, ReadOnlySpan<byte> index)
        {
        }

        public ISpool TryCreateSpool() => this;

        public void Write(long offset, ReadOnlySpan<byte> bytes)
        {
            Interlocked.Add(ref _written, bytes.Length);
            _spool.Write(offset, bytes);
        }

        public void Read(long offset, Span<byte> destination) => _spool.Read(offset, destination);

        public void Dispose() => _spool.Dispose();
    }
}
