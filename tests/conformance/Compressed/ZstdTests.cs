using System.Buffers.Binary;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Compressed;

/// <summary>Images inside zstd files, by zstd.</summary>
public sealed class ZstdTests
{
    private const string Name = "disk.img.zst";

    [Theory]
    [InlineData("zstd -c disk.img", "1")]
    [InlineData("zstd -1 -T2 --no-check -c disk.img", "1")]
    [InlineData("zstd -3 --long=27 -c disk.img", "1")]
    [InlineData("zstd -c <disk.img", "1")] // says nothing of its length
    [InlineData("(split -b 5000000 disk.img part; for i in part*; do zstd -qc $i; done)", "6")]
    [InlineData("split -b 3000000 disk.img; for i in x*; do printf 'P*M\\30\\4\\0\\0\\0abcd'; zstd -qc $i; done", "9")]
    public void A_volume_is_read_at_any_offset(string command, string frames)
    {
        Requires.Tool("zstd");
        using TemporaryFolder folder = new();
        byte[] content = CompressedFile.MakeDisk(folder);
        IReadOnlyList<KeyValuePair<string, string>> details =
            CompressedFile.AssertHolds(content, CompressedFile.Pack(folder, command), "zstd", Name);
        Assert.Contains(new("Frames", frames), details);
    }

    [Fact]
    public void A_seek_table_is_used()
    {
        Requires.Tool("zstd");
        using TemporaryFolder folder = new();
        byte[] content = CompressedFile.MakeDisk(folder);

        // Frames of zstd that do not say how long they are; the table is made by hand, as no program here makes it.
        List<byte> packed = [];
        List<byte> table = [];
        const int Part = 2_000_000;
        Tool.Shell($"""
            cd {folder.Path}; split -a 3 -d -b {Part} disk.img part
            for i in part*; do zstd -qc <$i >$i.zst; done
            """);
        string[] parts = [.. Directory.GetFiles(folder.Path, "part*.zst").Order(StringComparer.Ordinal)];
        byte[] word = new byte[4];
        foreach (string part in parts)
        {
            byte[] frame = File.ReadAllBytes(part);
            packed.AddRange(frame);
            Put(table, (uint)frame.Length);
            Put(table, (uint)new FileInfo(part[..^4]).Length);
        }

        Put(table, (uint)parts.Length);
        table.Add(0);
        Put(table, 0x8F92EAB1);
        Put(packed, 0x184D2A5E);
        Put(packed, (uint)table.Count);
        packed.AddRange(table);
        IReadOnlyList<KeyValuePair<string, string>> details =
            CompressedFile.AssertHolds(content, [.. packed], "zstd", Name);
        Assert.Contains(new("Seek table", "yes"), details);

        void Put(List<byte> to, uint value)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(word, value);
            to.AddRange(word);
        }
    }

    [Fact]
    public void Nothing_is_decoded_that_nobody_reads()
    {
        Requires.Tool("zstd");

        // One frame of 64 MiB, damaged in its middle: what is before that is read, what is behind is not.
        using TemporaryFolder folder = new();
        Tool.Shell($"cd {folder.Path}; seq 1 9000000 >disk.img; truncate -s 64M disk.img; zstd -q --no-check disk.img");
        byte[] packed = File.ReadAllBytes(folder["disk.img.zst"]);
        packed.AsSpan(packed.Length / 2, 1000).Clear();
        using MemorySource source = new(packed);
        using DiskImage image = CompressedFile.Open(source, Name);
        Assert.Equal(64 << 20, image.Content.Length);
        Assert.Equal("1\n2\n3\n"u8.ToArray(), image.Content.ReadBytes(0, 6));
        Assert.Throws<ImageFormatException>(() => image.Content.ReadBytes(image.Content.Length - 1, 1));
        Assert.Equal("2\n3\n"u8.ToArray(), image.Content.ReadBytes(2, 4));
    }

    [Fact]
    public void Windows_that_take_too_much_memory_are_refused()
    {
        Requires.Tool("zstd");
        using MemorySource source = new(Tool.Shell("seq 1 100000 | zstd --long=30 --ultra -c").Output);
        UnsupportedFeatureException error =
            Assert.Throws<UnsupportedFeatureException>(() => CompressedFile.Open(source, Name).Dispose());
        Assert.Contains("window of more than 128 MiB", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Checksums_and_a_file_that_is_cut_off_are_told()
    {
        Requires.Tool("zstd");
        byte[] packed = Tool.Shell("seq 1 400000 | zstd -c").Output;
        CompressedFile.AssertCutOff(packed, Name, "cut off inside the frame");
        packed[^1] ^= 1;
        using MemorySource source = new(packed);
        ImageFormatException error =
            Assert.Throws<ImageFormatException>(() => CompressedFile.Open(source, Name).Dispose());
        Assert.Contains("checksum is wrong", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Truncated_or_changed_bytes_end_in_success_or_a_named_error()
    {
        Requires.Tool("zstd");
        using MemorySource source =
            new(Tool.Shell("(seq 1 20000 | zstd -c; seq 1 9000 | zstd -c --stream-size=43893)").Output);
        HostileInput.Try(source, changed =>
        {
            using DiskImage image = CompressedFile.Open(changed, Name);
            image.Content.ReadUpTo(0, new byte[65536]);
        });
    }
}
