using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.UsedBlockMaps;

/// <summary>Maps of swap areas, against mkswap and blkid.</summary>
public sealed class SwapUsedTests
{
    [Theory]
    [InlineData(4096, false)]
    [InlineData(16384, false)]
    [InlineData(65536, true)]
    public void The_header_is_all_that_is_saved(int pageSize, bool isBigEndian)
    {
        Requires.Tool("mkswap", "blkid");
        using TemporaryFolder folder = new();
        string image = folder["image"];
        Tool.Shell($"truncate -s 20M '{image}'; PATH=$PATH:/usr/sbin:/sbin; "
            + $"mkswap -L name -p {pageSize} '{image}' > '{folder["log"]}' 2>&1");
        using (FileStream file = File.OpenWrite(image))
        {
            file.Position = file.Length;
            file.Write(new byte[100]);
            file.Position = 1 << 20;
            file.Write(new byte[100_000]);
            if (isBigEndian)
            {
                // As a machine of the other byte order writes it: version, last page, number of bad pages.
                file.Position = 1024;
                file.Write([0, 0, 0, 1, 0, 0, 0x01, 0x3f, 0, 0, 0, 0]);
            }
        }

        UsedBlocks used = UsedVolume.ReadPart(image, "swap");
        Assert.Equal([new(0, pageSize), new(20 << 20, 100)], used.Blocks.Ranges());
        string restored = UsedVolume.Restore(folder, used);
        Dictionary<string, string> expected = Blkid.Probe(image);
        Assert.Equal("name", expected["LABEL"]);
        expected["DEVNAME"] = restored;
        Assert.Equal(expected, Blkid.Probe(restored));
    }

    [Fact]
    public void A_hibernated_machine_is_saved_as_a_whole()
    {
        Requires.Tool("mkswap");
        using TemporaryFolder folder = new();
        string image = folder["image"];
        Tool.Shell($"truncate -s 2M '{image}'; PATH=$PATH:/usr/sbin:/sbin; mkswap '{image}' > '{folder["log"]}' 2>&1");
        using MemorySource volume = new(File.ReadAllBytes(image));
        HostileInput.Try(volume, UsedVolume.Touch, changes: 300);
        using (FileStream file = File.OpenWrite(image))
        {
            file.Position = 4086;
            file.Write("S1SUSPEND\0"u8);
        }

        UsedVolume.AssertWhole(image, "swsuspend", "no map");
    }
}
