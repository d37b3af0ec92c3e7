using System.Text;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Optical;

/// <summary>CD-Text packs, and what <c>cd-info</c> of libcdio makes of them.</summary>
public sealed class CdTextTests
{
    // Titles and performers of two tracks, the second performer as a tab: "as before"; and the sizes.
    private const string Packs =
        "800000004a6f7966756c204e69676874f0f78000010c7300536f6e67206f66204a6f431c"
        + "8001020a790048756d7074792044756d43f98002030a707479000000000000000000228"
        + "281000400556e6974656420436174204f4b4d8100050c72636865737472610046656cfb54"
        + "81010603697820616e64205468652050956e8101070f7572727300090000000000007d6a"
        + "8f000800000102000404000000000000ad978f01090000000000000000030a000000361b"
        + "8f020a0000000000090000000000000087ed";

    [Theory]
    [InlineData("", "")]
    [InlineData("", "00")]
    [InlineData("00c80000", "")]
    [InlineData("00c80000", "00")]
    public void Words_of_a_cue_sheet_s_packs_are_those_that_cd_info_shows(string before, string behind)
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["a.bin"], new byte[600 * 2352]);
        File.WriteAllBytes(folder["t.cdt"], Convert.FromHexString(before + Packs + behind));
        File.WriteAllText(
            folder["a.cue"],
            "CDTEXTFILE \"t.cdt\"\nFILE \"a.bin\" BINARY\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n"
            + "  TRACK 02 AUDIO\n    INDEX 01 00:04:00\n");
        using FolderFiles files = new(folder.Path, "a.cue");
        using DiskImage image = RawDisc.Open(files, "a.cue");
        Assert.Empty(image.Warnings);
        Disc disc = image.Disc!;
        Assert.Equal(Packs, Convert.ToHexStringLower(disc.TextPacks.AsSpan()));
        string[] words = [.. disc.Tracks.Select(track => track.Text).Prepend(disc.Text)
            .SelectMany(text => new[] { $"TITLE: {text.Title}", $"PERFORMER: {text.Performer}" })];
        Assert.Equal(
            [
                "TITLE: Joyful Nights", "PERFORMER: United Cat Orchestra", "TITLE: Song of Joy",
                "PERFORMER: Felix and The Purrs", "TITLE: Humpty Dumpty", "PERFORMER: Felix and The Purrs",
            ],
            words);

        Requires.Tool("cd-info");
        File.WriteAllBytes(folder["t.cdt"], Convert.FromHexString(Packs));
        string shown = Tool.Run("bash", "-c", $"cd '{folder.Path}' && cd-info --cue-file=a.cue").Text;
        Assert.Equal(words, shown.Split('\n').Select(line => line.Trim())
            .Where(line => line.StartsWith("TITLE", StringComparison.Ordinal)
                || line.StartsWith("PERFORMER", StringComparison.Ordinal)));
    }

    [Fact]
    public void Packs_of_a_control_file_get_their_checksums()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["a.img"], new byte[600 * 2352]);
        StringBuilder sheet = new(
            "[CloneCD]\n[Entry 0]\nPoint=0xa2\nPLBA=600\n[Entry 1]\nPoint=1\nPLBA=0\n"
            + "[Entry 2]\nPoint=2\nPLBA=300\n[CDText]\n");
        byte[] packs = Convert.FromHexString(Packs);
        for (int i = 0; i < packs.Length / 18; i++)
        {
            byte[] bare = packs[(i * 18)..((i * 18) + 16)];
            string bytes = string.Join(' ', bare.Select(value => Convert.ToHexStringLower([value])));
            sheet.Append(System.Globalization.CultureInfo.InvariantCulture, $"Entry {i}={bytes}\n");
        }

        File.WriteAllText(folder["a.ccd"], sheet.ToString());
        using FolderFiles files = new(folder.Path, "a.ccd");
        using DiskImage image = RawDisc.Open(files, "a.ccd");
        Assert.Equal(packs, image.Disc!.TextPacks.ToArray());
        Assert.Equal(new("Humpty Dumpty", "Felix and The Purrs", null), image.Disc.Tracks[1].Text);
    }
}
