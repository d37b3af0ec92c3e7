using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Xz;

/// <summary>Images inside xz files, which xz makes.</summary>
public sealed class XzTests
{
    [Theory]
    [InlineData("-T2 --block-size=1MiB", "Crc64", 1)]
    [InlineData("-8 --block-size=300000 --check=crc32", "Crc32", 1)]
    [InlineData("--block-size=1MiB --check=sha256", "Sha256", 1)]
    [InlineData("-0 --block-size=1MiB --check=none", "None", 1)]
    [InlineData("--x86 --lzma2=preset=1 --block-size=65536", "Crc64", 1)]
    [InlineData("-1", "Crc64", 1)]
    public void An_ext4_volume_is_read_at_any_offset(string options, string check, int streams)
    {
        using TemporaryFolder folder = new();
        byte[] content = MakeVolume(folder);
        Tool.Shell($"cd {folder.Path}; xz {options} -k disk.img");
        AssertHolds(content, File.ReadAllBytes(folder["disk.img.xz"]), check, streams);
    }

    [Fact]
    public void Several_streams_with_padding_are_one_image()
    {
        using TemporaryFolder folder = new();
        byte[] content = MakeVolume(folder);

        // Three streams, one of them empty, with zeros between and behind them.
        Tool.Shell($"""
            cd {folder.Path}
            head -c 3000001 disk.img | xz --block-size=1MiB >all.xz
            head -c 8 /dev/zero >>all.xz
            xz </dev/null >>all.xz
            tail -c +3000002 disk.img | xz --check=crc32 --block-size=2MiB >>all.xz
            head -c 9000 /dev/zero >>all.xz
            xz -dc all.xz | cmp - disk.img
            """);
        AssertHolds(content, File.ReadAllBytes(folder["all.xz"]), "Crc64, Crc32", 3);
    }

    [Fact]
    public void A_disc_inside_is_found()
    {
        Requires.Tool("xz", "xorriso");
        using TemporaryFolder folder = new();
        Tool.Shell($"""
            cd {folder.Path}; mkdir tree; seq 1 400000 >tree/numbers
            xorriso -as mkisofs -quiet -V NUMBERS -o disc.iso tree
            xz -k -T2 --block-size=256KiB disc.iso
            """);
        byte[] content = File.ReadAllBytes(folder["disc.iso"]);
        using MemorySource source = new(File.ReadAllBytes(folder["disc.iso.xz"]));
        using ImageStack stack = OpenStack(source);
        Assert.Equal(content, stack.Innermost.Content.ReadBytes(0, content.Length));
        Assert.Equal("NUMBERS"u8.ToArray(), stack.Innermost.Content.ReadBytes((16 * 2048) + 40, 7));
    }

    [Fact]
    public void Damage_of_any_kind_of_check_is_found()
    {
        Requires.Tool("xz");
        using TemporaryFolder folder = new();
        MakeVolume(folder);
        foreach (string check in (string[])["crc32", "crc64", "sha256"])
        {
            Tool.Shell($"cd {folder.Path}; xz -kf --check={check} --block-size=1MiB disk.img");
            byte[] packed = File.ReadAllBytes(folder["disk.img.xz"]);

            // The check of the first block ends where the padding to four bytes does: change what it says alone.
            using MemorySource good = new(packed);
            Formats.Images.Xz.XzBlock block = Formats.Images.Xz.XzIndex.Read(good).Blocks[0];
            packed[block.StoredOffset + block.UnpaddedLength - 1] ^= 1;
            using MemorySource source = new(packed);
            using DiskImage image = Open(source);
            ImageFormatException error = Assert.Throws<ImageFormatException>(() => image.Content.ReadBytes(5, 1));
            Assert.Contains("bytes 0 to 1048575 of the content", error.Message, StringComparison.Ordinal);
            Assert.Equal(100, image.Content.ReadBytes(1 << 20, 100).Length);
        }
    }

    [Fact]
    public void Dictionaries_of_the_highest_preset_are_read_and_larger_ones_refused()
    {
        Requires.Tool("xz");
        byte[] content = Tool.Shell("seq 1 100000").Output;
        using MemorySource large = new(Tool.Shell("seq 1 100000 | xz -9 --block-size=100000").Output);
        using ImageStack stack = OpenStack(large);
        Assert.Equal(content, stack.Layers[0].Content.ReadBytes(0, content.Length));

        using MemorySource huge = new(Tool.Shell("seq 1 100000 | xz --lzma2=preset=0,dict=128MiB").Output);
        Assert.Contains(
            "more than 80 MiB",
            Assert.Throws<UnsupportedFeatureException>(() => OpenStack(huge)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void What_follows_the_last_stream_is_refused()
    {
        Requires.Tool("xz");
        byte[] packed = Tool.Shell("seq 1 100000 | xz").Output;
        foreach (byte[] bytes in (byte[][])[[.. packed, 1, 2, 3, 4], packed[..^4], [.. packed, 0, 0]])
        {
            using MemorySource source = new(bytes);
            ImageFormatException error = Assert.Throws<ImageFormatException>(() => OpenStack(source));
            Assert.Contains("no stream ends here", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Truncated_or_changed_bytes_end_in_success_or_a_named_error()
    {
        Requires.Tool("xz");
        using MemorySource source = new(Tool.Shell("seq 1 20000 | xz --block-size=10000").Output);
        HostileInput.Try(source, changed =>
        {
            using DiskImage image = Open(changed);
            image.Content.ReadUpTo(0, new byte[65536]);
        });
    }

    private static byte[] MakeVolume(TemporaryFolder folder)
    {
        Requires.Tool("xz", "mkfs.ext4");
        Tool.Shell($"""
            cd {folder.Path}; mkdir tree; seq 1 300000 >tree/numbers; head -c 1000000 /dev/urandom >tree/noise
            mkfs.ext4 -q -d tree disk.img 8M
            """);
        return File.ReadAllBytes(folder["disk.img"]);
    }

    private static void AssertHolds(byte[] content, byte[] packed, string check, int streams)
    {
        using MemorySource source = new(packed);
        using ImageStack stack = OpenStack(source);
        Assert.Equal(["xz", "raw"], stack.Layers.Select(layer => layer.Format.Id));
        Assert.Contains(new("Check", check), stack.Layers[0].Details);
        Assert.Contains(new("Streams", $"{streams}"), stack.Layers[0].Details);
        BlockSource inside = stack.Innermost.Content;
        Assert.Equal(content, inside.ReadBytes(0, (int)inside.Length));
        Random random = new(7);
        for (int i = 0; i < 50; i++)
        {
            int offset = random.Next(content.Length - 70_000);
            int count = random.Next(70_000);
            Assert.Equal(content[offset..(offset + count)], inside.ReadBytes(offset, count));
        }

        SourceContract.ExtentsTile(stack.Layers[0].Content);
    }

    private static ImageStack OpenStack(BlockSource source) => ImageStack.Open(OpenerOf(source), null);

    private static DiskImage Open(BlockSource source) => ImageFormats.Open(OpenerOf(source), null);

    private static ImageOpener OpenerOf(BlockSource source) =>
        new(source, "disk.img.xz", null, new BlockCache(16 << 20));
}
