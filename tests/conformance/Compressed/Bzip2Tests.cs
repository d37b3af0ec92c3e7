using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Compressed;

/// <summary>Images inside bzip2 files, by bzip2, pbzip2 and lbzip2.</summary>
public sealed class Bzip2Tests
{
    private const string Name = "disk.img.bz2";

    [Theory]
    [InlineData("bzip2", "bzip2 -c disk.img", "1")]
    [InlineData("bzip2", "bzip2 -1c disk.img", "1")]
    [InlineData("bzip2", "(head -c 900001 disk.img | bzip2; bzip2 </dev/null; tail -c +900002 disk.img | bzip2)", "3")]
    [InlineData("pbzip2", "pbzip2 -c -p2 -b1 disk.img", null)]
    [InlineData("lbzip2", "lbzip2 -c -n2 disk.img", "1")]
    public void A_volume_is_read_at_any_offset(string tool, string command, string? streams)
    {
        Requires.Tool(tool);
        using TemporaryFolder folder = new();
        byte[] content = CompressedFile.MakeDisk(folder);
        IReadOnlyList<KeyValuePair<string, string>> details =
            CompressedFile.AssertHolds(content, CompressedFile.Pack(folder, command), "bzip2", Name);
        if (streams is not null)
        {
            Assert.Contains(new("Streams", streams), details);
        }
    }

    [Fact]
    public void Blocks_of_many_zeros_are_spooled()
    {
        Requires.Tool("bzip2");
        byte[] packed = Tool.Shell("(head -c 100000000 /dev/zero; seq 1 1000) | bzip2").Output;
        using MemorySource source = new(packed);
        using DiskImage image = CompressedFile.Open(source, Name);
        Assert.True(image.Content.IsOneWay);
        Assert.Equal("1\n2\n3\n"u8.ToArray(), image.Content.ReadBytes(100_000_000, 6));
        Assert.Equal(new byte[1000], image.Content.ReadBytes(70_000_000, 1000));
    }

    [Fact]
    public void Checksums_and_a_file_that_is_cut_off_are_told()
    {
        Requires.Tool("bzip2");
        byte[] packed = Tool.Shell("seq 1 400000 | bzip2 -1").Output;
        CompressedFile.AssertCutOff(packed, Name, "cut off");
        CompressedFile.AssertCutOff(packed, Name, "bytes of content could be decoded");
        foreach ((int at, string message) in ((int, string)[])
            [(packed.Length - 3, "CRC of a stream"), (packed.Length / 3, "damaged"), (12, "damaged")])
        {
            byte[] changed = [.. packed];
            changed[at] ^= 0x10;
            using MemorySource source = new(changed);
            ImageFormatException error =
                Assert.Throws<ImageFormatException>(() => CompressedFile.Open(source, Name).Dispose());
            Assert.Contains(message, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Truncated_or_changed_bytes_end_in_success_or_a_named_error()
    {
        Requires.Tool("bzip2");
        using MemorySource source = new(Tool.Shell("seq 1 20000 | bzip2").Output);
        HostileInput.Try(source, changed =>
        {
            using DiskImage image = CompressedFile.Open(changed, Name);
            image.Content.ReadUpTo(0, new byte[65536]);
        });
    }
}
