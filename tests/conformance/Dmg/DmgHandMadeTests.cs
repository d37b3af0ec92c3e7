using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Builders;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Dmg;

/// <summary>What no sample has: images by hand.</summary>
public sealed class DmgHandMadeTests
{
    private static readonly byte[] Noise = MakeNoise();

    [Fact]
    public void All_ways_to_store_sectors_give_what_7z_reads()
    {
        Requires.Tool("7z", "sha256sum");
        DmgBuilder builder = new DmgBuilder()
            .Raw(Noise[..1024]).Zlib(Noise[1024..2048]).Zero(3).Ignore(4).Zlib(new byte[51200]).Raw(Noise[2048..]);
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["made.dmg"], builder.Build());
        using FolderFiles files = new(folder.Path, "made.dmg");
        using DiskImage image = Open(files, "made.dmg");

        // 7z checks the CRC-32 of the table.
        Assert.Contains("Everything is Ok", Tool.Run("7z", "t", folder["made.dmg"]).Text, StringComparison.Ordinal);
        string expected = Tool.Shell($"7z e -so -tDmg '{folder["made.dmg"]}' | sha256sum").Text[..64];
        Assert.Equal(expected, ImageSample.Sha256(image.Content));
        Assert.Empty(RecordedCheck.Run(image).Problems);
        SourceContract.ExtentsTile(image.Content);
    }

    [Fact]
    public void A_resource_fork_serves_as_well_as_a_property_list()
    {
        DmgBuilder builder = Sample();
        byte[] fork = builder.Fork;
        byte[] resources = builder.ResourceFork();
        using TemporaryFolder folder = new();
        byte[] trailer = builder.Trailer(fork, default, (fork.Length, resources.Length));
        File.WriteAllBytes(folder["made.dmg"], [.. fork, .. resources, .. trailer]);
        using FolderFiles files = new(folder.Path, "made.dmg");
        using DiskImage image = Open(files, "made.dmg");
        Assert.Equal(Expected(), image.Content.ReadBytes(0, (int)image.Content.Length));
    }

    [Fact]
    public void A_resource_fork_beside_the_image_serves_too()
    {
        DmgBuilder builder = Sample();
        byte[] fork = builder.Fork;
        byte[] resources = builder.ResourceFork();
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["made.dmg"], [.. fork, .. builder.Trailer(fork, default, default)]);
        byte[] header = [0, 5, 0x16, 7, 0, 2, 0, 0, .. new byte[16], 0, 1, 0, 0, 0, 2, 0, 0, 0, 38, 0, 0, 0, 0];
        header[^2] = (byte)(resources.Length >> 8);
        header[^1] = (byte)resources.Length;
        File.WriteAllBytes(folder["._made.dmg"], [.. header, .. resources]);
        using FolderFiles files = new(folder.Path, "made.dmg");
        using DiskImage image = Open(files, "made.dmg");
        Assert.Equal(Expected(), image.Content.ReadBytes(0, (int)image.Content.Length));
    }

    [Fact]
    public void Segments_are_one_image()
    {
        DmgBuilder builder = Sample();
        byte[] fork = builder.Fork;
        byte[] list = builder.List();
        byte[][] forks = [fork[..700], fork[700..2000], fork[2000..]];
        using TemporaryFolder folder = new();
        byte[] first = builder.Trailer(forks[0], (forks[0].Length, list.Length), default, 1, 3);
        File.WriteAllBytes(folder["made.dmg"], [.. forks[0], .. list, .. first]);
        File.WriteAllBytes(
            folder["made.002.dmgpart"], [.. forks[1], .. builder.Trailer(forks[1], default, default, 2, 3)]);
        using (FolderFiles files = new(folder.Path, "made.dmg"))
        {
            ImageFormatException error = Assert.Throws<ImageFormatException>(() => Open(files, "made.dmg"));
            Assert.Contains("made.003.dmgpart", error.Message, StringComparison.Ordinal);
        }

        File.WriteAllBytes(
            folder["made.003.dmgpart"], [.. forks[2], .. builder.Trailer(forks[2], default, default, 3, 3)]);
        using (FolderFiles files = new(folder.Path, "made.dmg"))
        using (DiskImage image = Open(files, "made.dmg"))
        {
            Assert.Equal(Expected(), image.Content.ReadBytes(0, (int)image.Content.Length));
            Assert.Empty(RecordedCheck.Run(image).Problems);
        }

        using FolderFiles others = new(folder.Path, "made.002.dmgpart");
        Assert.Throws<ImageFormatException>(() => Open(others, "made.002.dmgpart"));
    }

    [Theory]
    [InlineData(0x80000001u, "KenCode")]
    [InlineData(0x80000002u, "run-length")]
    [InlineData(0x80000003u, "LZH")]
    public void Compression_that_nobody_described_is_named(uint kind, string feature)
    {
        UnsupportedFeatureException error = Assert.Throws<UnsupportedFeatureException>(
            () => Open(Sample().Add(kind, 1, [1, 2, 3]).Build()));
        Assert.Contains(feature, error.Feature, StringComparison.Ordinal);
    }

    [Fact]
    public void Chunks_that_overlap_or_lie_outside_are_refused()
    {
        Assert.Throws<ImageFormatException>(() => Open(Sample().Add(0, 1, [], sector: 0).Build()));
        Assert.Throws<ImageFormatException>(() => Open(Sample().Add(0, 1, [], sector: 1000).Build()));
        Assert.Throws<ImageFormatException>(() => Open(new DmgBuilder().Add(0x80000006, 200_000, [1, 2, 3]).Build()));
        Assert.Throws<ImageFormatException>(() => Open(Sample().Add(0x1234, 1, []).Build()));
    }

    private static DmgBuilder Sample() => new DmgBuilder()
        .Raw(Noise[..1024])
        .Zlib(Noise[1024..2048])
        .Zero(3)
        .Raw(new byte[512], stored: 0)
        .Ignore(4)
        .Raw([.. Noise[2048..2348], .. new byte[212]], stored: 300);

    private static byte[] Expected() =>
        [.. Noise[..2048], .. new byte[8 * 512], .. Noise[2048..2348], .. new byte[212]];

    private static DiskImage Open(byte[] bytes) =>
        ImageFormats.Open(new ImageOpener(new MemorySource(bytes), "x", null, new BlockCache(1 << 20)), null);

    private static DiskImage Open(FolderFiles files, string name) =>
        ImageFormats.Open(new ImageOpener(files.First, name, files, new BlockCache(1 << 20)), null);

    private static byte[] MakeNoise()
    {
        byte[] noise = new byte[4096];
        new Random(4).NextBytes(noise);
        return noise;
    }
}
