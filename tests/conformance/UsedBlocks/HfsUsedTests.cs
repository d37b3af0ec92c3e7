using System.Globalization;
using System.Text.RegularExpressions;
using Imaged.Blocks;
using Imaged.Conformance.Hfs;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.UsedBlockMaps;

/// <summary>Maps of HFS, against hfsutils.</summary>
public sealed class HfsUsedTests
{
    [Theory]
    [InlineData("2M")]
    [InlineData("60M")]
    [InlineData("6000512")]
    public void What_hfsutils_calls_free_is_all_that_is_left_out(string size)
    {
        Requires.Tool("hformat", "hmount", "hcopy", "hdel", "hvol");
        using TemporaryFolder folder = new();
        Make(folder, size);
        UsedBlocks used = UsedVolume.ReadPart(folder["image"], "hfs");

        // "Volume has 1234 bytes free".
        string text = HfsImage.Run(folder, "hvol").Text;
        long free = long.Parse(
            Regex.Match(text, @"(\d+) bytes free").Groups[1].ValueSpan, CultureInfo.InvariantCulture);
        Assert.Equal(used.Blocks.Length - free, used.Blocks.Count);

        File.Move(UsedVolume.Restore(folder, used), folder["image"], overwrite: true);
        HfsImage.Run(folder, "mkdir back; for i in $(seq 2 2 40) new; do hcopy -r :$i back/$i; cmp back/$i $i; done");
    }

    [Fact]
    public void One_in_doubt_is_saved_as_a_whole()
    {
        Requires.Tool("hformat", "hmount", "hcopy", "hdel");
        using TemporaryFolder folder = new();
        Make(folder, "2M");
        byte[] bytes = File.ReadAllBytes(folder["image"]);
        using (MemorySource volume = new(bytes))
        {
            HostileInput.Try(volume, UsedVolume.Touch);
        }

        bytes[1024 + 10] &= 0xfe;
        AssertWhole(folder, bytes, "not unmounted cleanly");
        bytes[1024 + 10] |= 0x09;
        AssertWhole(folder, bytes, "inconsistent");
        bytes[1024 + 10] &= 0xf7;
        bytes[1024 + 35] ^= 1;
        AssertWhole(folder, bytes, "master directory block says");
        bytes[1024] = 0;
        AssertWhole(folder, bytes, "is damaged");
    }

    private static void AssertWhole(TemporaryFolder folder, byte[] bytes, string because)
    {
        File.WriteAllBytes(folder["image"], bytes);
        UsedVolume.AssertWhole(folder["image"], "hfs", because);
    }

    private static void Make(TemporaryFolder folder, string size) => HfsImage.Make(folder, size, """
        for i in $(seq 40); do head -c $((i * 700)) /dev/urandom > $i; hcopy -r $i :$i; done
        for i in $(seq 1 2 40); do hdel :$i; done
        head -c 120000 /dev/urandom > new
        hcopy -r new :new
        """);
}
