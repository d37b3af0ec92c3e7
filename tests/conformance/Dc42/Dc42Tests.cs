using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Dc42;

/// <summary>DiskCopy 4.2, by a sample.</summary>
public sealed class Dc42Tests : ImageContract
{
    protected override string Sample => "dc42/BLU090_400k.dc42.xz";

    protected override string Format => "dc42";

    [Fact]
    public void The_sample_holds_the_sectors_behind_the_header()
    {
        using ImageSample sample = ImageSample.Open(Sample);
        Assert.Equal(
            "edb87166c0fe007b084eb726c4953fc11096f721fb3a7d10d41b1b8ed6b8d931", ImageSample.Sha256(sample.Disk));
        Assert.Equal("-not a Macintosh disk-", sample.Image.Details[0].Value);
        // It was written without checksums.
        RecordedCheck check = RecordedCheck.Run(sample.Image);
        Assert.Empty(check.Problems);
        Assert.Empty(check.Confirmed);
    }

    [Fact]
    public void Checksums_add_words_and_rotate()
    {
        // Two sectors. A word of 1 is rotated with the 511 words behind it: 512 is a multiple of 32, so 1 is left. The
        // first tag does not count; in the second one, 1 is rotated six times.
        byte[] bytes = new byte[84 + 1024 + 24];
        bytes[0x41 + 1] = 4;
        bytes[0x47] = 24;
        bytes[0x4b] = 1;
        bytes[0x4c] = 1 << 2;
        bytes[0x52] = 1;
        bytes[84 + 1] = 1;
        bytes[84 + 1024 + 3] = 0x55;
        bytes[84 + 1024 + 12 + 1] = 1;
        Assert.Equal(["checksum of the sectors", "checksum of the tags"], Check(bytes).Confirmed);

        bytes[100] ^= 1;
        bytes[^1] ^= 1;
        Assert.Equal(2, Check(bytes).Problems.Count);
    }

    private static RecordedCheck Check(byte[] bytes)
    {
        ImageOpener opener = new(new MemorySource(bytes), "x", null, new BlockCache(1 << 20));
        using DiskImage image = ImageFormats.Open(opener, null);
        Assert.Equal("dc42", image.Format.Id);
        return RecordedCheck.Run(image);
    }
}
