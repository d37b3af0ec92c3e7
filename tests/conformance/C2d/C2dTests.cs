using Imaged.Conformance.Discs;
using Imaged.Formats.Model;
using Imaged.TestKit.Builders;
using Xunit;

namespace Imaged.Conformance.C2d;

/// <summary>Images written field by field: no sample and no other program is known.</summary>
public sealed class C2dTests
{
    private const string Name = "disc.c2d";
    private const long NoOffset = 0xffffffff;

    [Theory]
    [InlineData("Adaptec CeQuadrat VirtualCD File", 2048, 1)]
    [InlineData("Roxio Image File Format 3.0", 2336, 2)]
    [InlineData("Roxio Image File Format 3.0", 2352, 1)]
    [InlineData("Adaptec CeQuadrat VirtualCD File", 2448, 2)]
    public void The_volume_of_a_track_is_the_one_that_went_in(string signature, int size, int mode)
    {
        byte[] iso = DiscData.Iso();
        byte[] raw = DiscData.Raw(iso, 0, mode);
        byte[] data = size switch
        {
            2048 => iso,
            2336 => DiscData.Cut(raw, 16, 2336),
            2352 => raw,
            _ => DiscData.Join(raw, 2352, DiscData.Noise(iso.Length / 2048 * 96, 1)),
        };
        byte[] image = C2dImage.Make(
            signature, data, new C2dImage.Block(1, 1, 1, mode, 0, (iso.Length / 2048) - 1, 1000, size) { Flags = 4 });
        using HandMade made = HandMade.Of(null, (Name, image));
        Assert.Empty(made.Image.Warnings);
        Assert.Equal(iso, made.Content());
        Assert.Equal("1234567890123", made.Disc.CatalogNumber);
        Assert.Contains(new("Description", "Hand made"), made.Image.Details);
    }

    [Fact]
    public void A_disc_of_data_and_sound_has_its_pregaps_and_further_indexes()
    {
        byte[] iso = DiscData.Iso();
        int end = iso.Length / 2048;
        byte[] sound = DiscData.Sound(450, 1);
        byte[] image = C2dImage.Make(
            "Roxio Image File Format 3.0",
            [.. iso, .. sound],
            new C2dImage.Block(1, 1, 1, 1, 0, end - 1, 1000, 2048) { Flags = 4 },
            new C2dImage.Block(1, 2, 0, 0, end, end + 149, 1000 + iso.Length, 2352),
            new C2dImage.Block(1, 2, 1, 0, end + 150, end + 299, 1000 + iso.Length + (150 * 2352), 2352) { Flags = 3 },
            new C2dImage.Block(1, 2, 2, 0xff, end + 300, end + 449, NoOffset, 2352));
        using HandMade made = HandMade.Of(null, (Name, image));
        DiscTrack track = made.Disc.Tracks[1];
        Assert.Equal((end, end + 150L, end + 450L), (track.PregapLba, track.StartLba, track.EndLba));
        Assert.Equal([end + 300L], track.FurtherIndexes);
        Assert.Equal((TrackMode.Audio, 3, "USABC2600001"), (track.Mode, track.Control, track.Isrc));
        Assert.Equal(sound[(150 * 2352)..], made.Sectors(2));
        Assert.Equal(iso, made.Content());
    }

    [Fact]
    public void What_is_wrong_is_refused()
    {
        byte[] data = new byte[100 * 2048];
        C2dImage.Block[] wrong =
        [
            new(1, 1, 1, 1, 0, 100, 1000, 2048), new(1, 1, 1, 1, 5, 4, 1000, 2048), new(1, 1, 0, 1, 0, 99, 1000, 2048),
            new(1, 1, 1, 1, 0, 99, NoOffset, 2048), new(1, 1, 1, 0, 0, 99, 1000, 2048), new(
                0, 1, 1, 1, 0, 99, 1000, 2048),
            new(1, 100, 1, 1, 0, 99, 1000, 2048),
        ];
        Assert.All(wrong, block => Assert.Throws<ImageFormatException>(
            () => HandMade.Try("c2d", (Name, C2dImage.Make("Roxio Image File Format 3.0", data, block)))));
        C2dImage.Block[] unsupported = [
            new(1, 1, 1, 1, 0, 9, 1000, 2048) { IsCompressed = 1 }, new(1, 1, 1, 1, 0, 9, 1000, 2049)];
        Assert.All(unsupported, block => Assert.Throws<UnsupportedFeatureException>(
            () => HandMade.Try("c2d", (Name, C2dImage.Make("Roxio Image File Format 3.0", data, block)))));
    }

    [Fact]
    public void Damage_ends_in_success_or_a_named_error() => HandMade.Damage("c2d", (Name, C2dImage.Make(
        "Roxio Image File Format 3.0",
        new byte[100 * 2352],
        new C2dImage.Block(1, 1, 1, 1, 0, 19, 1000, 2048),
        new C2dImage.Block(1, 2, 0, 0, 20, 29, 50000, 2352),
        new C2dImage.Block(1, 2, 1, 0, 30, 49, 73520, 2352),
        new C2dImage.Block(2, 3, 1, 2, 12000, 12009, 100000, 2448))));
}
