using System.Globalization;
using Imaged.Formats.Model;
using Imaged.Formats.Udf;
using Imaged.Linux;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Udf;

/// <summary>Empty volumes of all media that mkudffs knows, against what udfinfo and blkid say of them.</summary>
public sealed class UdfMediaTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("hd", 512, "1.02", "")]
    [InlineData("hd", 1024, "1.50", "--ad=short --space=freedtable")]
    [InlineData("hd", 2048, "2.00", "--ad=long --noefe")]
    [InlineData("hd", 2048, "2.01", "--strategy=4096")]
    [InlineData("hd", 4096, "2.01", "")]
    [InlineData("hd", 8192, "2.01", "")]
    [InlineData("hd", 16384, "2.00", "")]
    [InlineData("hd", 32768, "1.02", "")]
    [InlineData("dvd", 2048, "1.02", "")]
    [InlineData("dvd", 2048, "2.01", "")]
    [InlineData("dvdram", 2048, "2.01", "")]
    [InlineData("dvdrw", 2048, "1.50", "")]
    [InlineData("dvdrw", 2048, "2.01", "")]
    [InlineData("cdrw", 2048, "2.01", "--sparspace=256 --spartable=4")]
    [InlineData("dvdr", 2048, "1.50", "")]
    [InlineData("dvdr", 2048, "2.01", "")]
    [InlineData("cdr", 2048, "1.50", "")]
    [InlineData("cdr", 2048, "2.01", "--closed")]
    [InlineData("cdr", 2048, "2.60", "")]
    [InlineData("bdr", 2048, "2.50", "")]
    [InlineData("bdr", 2048, "2.60", "")]
    public void The_volume_is_as_udfinfo_and_blkid_describe_it(
        string media, int blockSize, string revision, string more)
    {
        Requires.Tool("mkudffs", "udfinfo", "blkid");
        string image = _folder["image"];
        Tool.Shell($"truncate -s 32M '{image}'; mkudffs --utf8 --media-type={media} --blocksize={blockSize} " +
            $"--udfrev={revision} --label='a Läbel Ω' --mode=0751 --uid=7 --gid=8 {more} '{image}'");
        Dictionary<string, string> told = Udfinfo(image);
        using FileSource volume = FileSource.Open(image);
        VolumeInfo info = UdfFileSystem.Probe(volume)!;
        Assert.Equal(told["label"], info.Label);
        Assert.Equal(told["uuid"], info.Uuid);
        Assert.Equal("udf", info.KernelType);
        Assert.Equal(revision, info.Version);
        if (blockSize <= 4096)
        {
            Dictionary<string, string> blkid = Blkid.Probe(image);
            Assert.Equal(blkid["UUID"], info.Uuid);
            Assert.Equal(blkid["VERSION"], info.Version);
        }

        using FileTree tree = UdfSample.OpenTree(volume);
        Assert.Equal(FileType.Directory, tree.Root.Type);
        Assert.Equal((0x1E9, 7u, 8u), (tree.Root.Permissions, tree.Root.Uid, tree.Root.Gid));
        Assert.Empty(tree.ReadDirectory(tree.Root.Id, 0));
        Assert.False(tree.TryLookup(tree.Root.Id, "a"u8, out _));
        Assert.Equal(told["blocksize"], tree.Statistics.BlockSize.ToString(CultureInfo.InvariantCulture));
        Assert.Equal(
            long.Parse(told["numfiles"], CultureInfo.InvariantCulture)
                + long.Parse(told["numdirs"], CultureInfo.InvariantCulture),
            tree.Statistics.Files);
        Assert.Equal(
            long.Parse(told["freeblocks"], CultureInfo.InvariantCulture) * blockSize, tree.Statistics.FreeBytes);
    }

    [Fact]
    public void A_label_of_plain_letters_is_as_blkid_prints_it()
    {
        Requires.Tool("mkudffs", "blkid");
        string image = _folder["image"];
        Tool.Shell($"truncate -s 8M '{image}'; mkudffs --label='Some Label 1' --fullvsid='XY not hex' '{image}'");
        using FileSource volume = FileSource.Open(image);
        VolumeInfo info = UdfFileSystem.Probe(volume)!;
        Dictionary<string, string> blkid = Blkid.Probe(image);
        Assert.Equal(blkid["LABEL"], info.Label);
        Assert.Equal(blkid["UUID"], info.Uuid);
    }

    [Fact]
    public void A_zone_shifts_the_times()
    {
        Requires.Tool("mkudffs");
        string image = _folder["image"];
        DateTimeOffset before = DateTimeOffset.UtcNow.AddSeconds(-2);
        Tool.Shell($"truncate -s 8M '{image}'; TZ=Asia/Kathmandu mkudffs '{image}'");
        using FileSource volume = FileSource.Open(image);
        using FileTree tree = UdfSample.OpenTree(volume);
        DateTimeOffset modified = DateTimeOffset.FromUnixTimeSeconds(tree.Root.Modified.Seconds);
        Assert.InRange(modified, before, DateTimeOffset.UtcNow.AddSeconds(2));
    }

    private static Dictionary<string, string> Udfinfo(string image)
    {
        Dictionary<string, string> values = [];
        foreach (string line in Tool.Run("udfinfo", "--utf8", image).Text.Split('\n'))
        {
            string[] parts = line.Split('=', 2);
            if (parts.Length == 2)
            {
                values.TryAdd(parts[0], parts[1]);
            }
        }

        return values;
    }
}
