using Imaged.Conformance.Discs;
using Imaged.Formats.Model;
using Imaged.TestKit.Builders;
using Xunit;

namespace Imaged.Conformance.Cif;

/// <summary>Images written chunk by chunk: no sample and no other program is known.</summary>
public sealed class CifTests
{
    private const string Name = "disc.cif";

    [Theory]
    [InlineData(1, 2048)]
    [InlineData(2, 2056)]
    [InlineData(4, 2332)]
    public void The_volume_of_a_track_is_the_one_that_went_in(int type, int size)
    {
        byte[] iso = Long(DiscData.Iso());
        byte[] data = type == 1 ? iso : DiscData.Cut(DiscData.Raw(iso, 0, 2), 16, size);
        using HandMade made = HandMade.Of(null, (Name, CifImage.Make([[new(type, size, data)]])));
        Assert.Empty(made.Image.Warnings);
        Assert.Equal(iso, made.Content());
        Assert.Equal(type == 1 ? TrackMode.Mode1 : TrackMode.Mode2, made.Disc.Tracks[0].Mode);
    }

    [Fact]
    public void Sound_and_sessions_have_their_places()
    {
        byte[] iso = Long(DiscData.Iso());
        int end = iso.Length / 2048;
        byte[][] sounds = [DiscData.Sound(301, 1), DiscData.Sound(310, 2)];
        using HandMade made = HandMade.Of(null, (Name, CifImage.Make(
        [
            [new(1, 2048, iso), new(0, 2352, sounds[0]), new(0, 2352, sounds[1])],
            [new(1, 2048, iso)],
        ])));
        int second = end + 150 + 301 + 310;
        Assert.Equal([0, end + 150, end + 451, second + 11400L], made.Disc.Tracks.Select(track => track.StartLba));
        Assert.Equal([1, 1, 1, 2], made.Disc.Tracks.Select(track => track.Session));
        Assert.Equal(sounds[0], made.Sectors(2));
        Assert.Equal(sounds[1], made.Sectors(3));
        Assert.Equal("USABC2600001", made.Disc.Tracks[1].Isrc);
        Assert.Equal(iso, made.Data(1));
        Assert.Equal(iso, made.Data(4));
    }

    [Fact]
    public void A_track_below_four_seconds_is_padded()
    {
        using HandMade made = HandMade.Of(null, (Name, CifImage.Make([[new(1, 2048, DiscData.Noise(100 * 2048, 1))]])));
        Assert.Equal(300, made.Disc.Tracks[0].Length);
        Assert.Equal([.. DiscData.Noise(100 * 2048, 1), .. new byte[200 * 2048]], made.Data(1));
        Assert.Single(made.Image.Warnings);
    }

    [Fact]
    public void What_is_wrong_is_refused()
    {
        byte[] good = CifImage.Make([[new(1, 2048, new byte[400 * 2048])]]);
        Assert.Throws<ImageFormatException>(() => HandMade.Try("cif", (Name, good[..^20])));
        Assert.Throws<ImageFormatException>(() => HandMade.Try("cif", (Name, good[..(300 * 2048)])));
        Assert.Throws<ImageFormatException>(
            () => HandMade.Try("cif", (Name, CifImage.Make([[new(1, 2048, new byte[400 * 2048]) { Missing = 1 }]]))));
        Assert.Throws<ImageFormatException>(() => HandMade.Try("cif", (Name, CifImage.Make([]))));
        Assert.Throws<UnsupportedFeatureException>(
            () => HandMade.Try("cif", (Name, CifImage.Make([[new(3, 2048, new byte[2048])]]))));
    }

    [Fact]
    public void Damage_ends_in_success_or_a_named_error() => HandMade.Damage("cif", (Name, CifImage.Make(
    [
        [new(1, 2048, new byte[20 * 2048]), new(0, 2352, new byte[20 * 2352])],
        [new(2, 2056, new byte[20 * 2056])],
    ])));

    // No track is below four seconds.
    private static byte[] Long(byte[] iso)
    {
        Array.Resize(ref iso, Math.Max(iso.Length, 310 * 2048));
        return iso;
    }
}
