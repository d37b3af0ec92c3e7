using Imaged.Conformance.Discs;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Builders;
using Xunit;

namespace Imaged.Conformance.Pops;

/// <summary>Images with the table of contents written by hand.</summary>
public sealed class PopsTests
{
    private const string Name = "disc.vcd";

    [Fact]
    public void Data_and_sound_are_the_sectors_that_went_in()
    {
        byte[] iso = DiscData.Iso();
        int end = iso.Length / 2048;
        byte[] sound = DiscData.Sound(350, 1);
        byte[] image = PopsImage.Make([.. DiscData.Raw(iso, 0, 2), .. sound], (0x41, 0, 0), (0x01, end, end + 50));
        using HandMade made = HandMade.Of(null, (Name, image));
        Assert.Equal("pops", made.Image.Format.Id);
        Assert.Empty(made.Image.Warnings);
        Assert.Equal(iso, made.Content());
        Assert.Equal(sound[(50 * 2352)..], made.Sectors(2));
        DiscTrack track = made.Disc.Tracks[1];
        Assert.Equal(
            (end, end + 50L, end + 350L, TrackMode.Audio), (track.PregapLba, track.StartLba, track.EndLba, track.Mode));
    }

    [Fact]
    public void What_iat_extracts_without_the_header_is_the_volume()
    {
        Requires.Tool("iat");
        byte[] iso = DiscData.Iso();
        byte[] image = PopsImage.Make(DiscData.Raw(iso, 0, 2), (0x41, 0, 0));
        using HandMade made = HandMade.Of(null, (Name, image), ("raw.bin", image[(1 << 20)..]));
        Assert.Equal(made.Content(), made.Extract("iat -i IN -o OUT --iso", "raw.bin")[..iso.Length]);
    }

    [Fact]
    public void What_is_wrong_is_refused()
    {
        byte[] good = PopsImage.Make(new byte[100 * 2352], (0x41, 0, 0), (0x01, 50, 60));
        (int, int)[] changes = [(17, 0), (17, 0xaa), (30, 0x33), (32, 5), (48, 0x7f), (28, 0x99), (47, 0x01)];
        foreach ((int at, int value) in changes)
        {
            byte[] wrong = [.. good];
            wrong[at] = (byte)value;
            Assert.Throws<ImageFormatException>(() => HandMade.Try("pops", (Name, wrong)));
        }

        Assert.Throws<ImageFormatException>(() => HandMade.Try("pops", (Name, new byte[2 << 20])));
        HandMade.Damage("pops", (Name, good));
    }
}
