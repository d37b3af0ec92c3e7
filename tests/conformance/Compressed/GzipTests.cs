using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Compressed;

/// <summary>Images inside gzip files, by gzip, pigz and bgzip.</summary>
public sealed class GzipTests
{
    private const string Name = "disk.img.gz";

    [Theory]
    [InlineData("gzip", "gzip -c disk.img", "1")]
    [InlineData("gzip", "gzip -1nc disk.img", "1")]
    [InlineData("gzip", "(head -c 9000001 disk.img | gzip; gzip </dev/null; tail -c +9000002 disk.img | gzip)", "3")]
    [InlineData("pigz", "pigz -c -p2 disk.img", "1")]
    [InlineData("pigz", "pigz -c -p2 -i -b 512 disk.img", "1")]
    [InlineData("pigz", "pigz -c -0 disk.img", "1")]
    public void A_volume_is_read_at_any_offset(string tool, string command, string members)
    {
        Requires.Tool(tool);
        using TemporaryFolder folder = new();
        byte[] content = CompressedFile.MakeDisk(folder);
        IReadOnlyList<KeyValuePair<string, string>> details =
            CompressedFile.AssertHolds(content, CompressedFile.Pack(folder, command), "gzip", Name);
        Assert.Contains(new("Members", members), details);
    }

    [Fact]
    public void Files_of_bgzip_are_read_without_being_gone_through()
    {
        Requires.Tool("bgzip");
        using TemporaryFolder folder = new();
        byte[] content = CompressedFile.MakeDisk(folder);
        byte[] packed = CompressedFile.Pack(folder, "bgzip -c disk.img");
        CompressedFile.AssertHolds(content, packed, "gzip", Name);

        // Damage far behind is not met by opening it, and found by checking it.
        packed[packed.Length / 2] ^= 0x55;
        using MemorySource source = new(packed);
        using DiskImage image = CompressedFile.Open(source, Name);
        CompressedFile.AssertSame(content.AsSpan(0, 1000), image.Content.ReadBytes(0, 1000));
        Assert.Throws<ImageFormatException>(() => RecordedCheck.Run(image));
        Assert.Throws<ImageFormatException>(() => image.Content.ReadBytes(0, content.Length));
    }

    [Fact]
    public void Name_and_time_of_the_packed_file_are_shown()
    {
        Requires.Tool("gzip");
        using TemporaryFolder folder = new();
        byte[] packed = CompressedFile.Pack(
            folder, "seq 1 20000 >numbers; TZ=UTC touch -t 202401020304.05 numbers; gzip -Nc numbers");
        using MemorySource source = new(packed);
        using DiskImage image = CompressedFile.Open(source, Name);
        Assert.Contains(new("Packed file", "numbers"), image.Details);
        Assert.Contains(new("Packed file of", "2024-01-02 03:04:05 UTC"), image.Details);
    }

    [Fact]
    public void What_follows_the_members_is_a_warning()
    {
        Requires.Tool("gzip");
        byte[] packed = Tool.Shell("seq 1 20000 | gzip").Output;
        foreach (byte[] more in (byte[][])[new byte[70000], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]])
        {
            using MemorySource source = new((byte[])[.. packed, .. more]);
            using DiskImage image = CompressedFile.Open(source, Name);
            Assert.Equal(108894, image.Content.Length);
            Assert.Equal([$"{more.Length} bytes follow the last member"], image.Warnings);
        }
    }

    [Fact]
    public void Checksum_length_and_a_file_that_is_cut_off_are_told()
    {
        Requires.Tool("gzip");
        byte[] packed = Tool.Shell("seq 1 400000 | gzip").Output;
        AssertDamaged(packed, packed.Length - 6, "CRC-32 of a member is wrong");
        AssertDamaged(packed, packed.Length - 2, "another length than its end says");
        CompressedFile.AssertCutOff(packed, Name, "is cut off");
        CompressedFile.AssertCutOff(packed, Name, "bytes of content could be decoded");
    }

    [Fact]
    public void Truncated_or_changed_bytes_end_in_success_or_a_named_error()
    {
        Requires.Tool("gzip");
        using MemorySource source = new(Tool.Shell("(seq 1 20000; head -c 30000 /dev/urandom) | gzip").Output);
        HostileInput.Try(source, changed =>
        {
            using DiskImage image = CompressedFile.Open(changed, Name);
            image.Content.ReadUpTo(0, new byte[65536]);
        });
    }

    private static void AssertDamaged(byte[] packed, int at, string message)
    {
        byte[] changed = [.. packed];
        changed[at] ^= 1;
        using MemorySource source = new(changed);
        ImageFormatException error =
            Assert.Throws<ImageFormatException>(() => CompressedFile.Open(source, Name).Dispose());
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }
}
