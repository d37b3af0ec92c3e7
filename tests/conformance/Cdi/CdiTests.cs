using Imaged.Blocks;
using Imaged.Conformance.Discs;
using Imaged.Formats.Model;
using Imaged.Formats.Optical;
using Imaged.TestKit;
using Imaged.TestKit.Builders;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Cdi;

/// <summary>An image of two sessions for a Dreamcast, and images written field by field.</summary>
public sealed class CdiTests : ImageContract
{
    private const string Name = "disc.cdi";

    protected override string Sample => "cdi/cditools-test.cdi.xz";

    protected override string Format => "cdi";

    [Fact]
    public void The_data_track_is_the_one_that_iat_extracts()
    {
        using ImageSample sample = ImageSample.Open(Sample);
        Disc disc = sample.Image.Disc!;
        Assert.Equal(
            [(-150L, 0L, 302L), (11552L, 11702L, 12037L)],
            disc.Tracks.Select(t => (t.PregapLba, t.StartLba, t.EndLba)));
        Assert.Equal([TrackMode.Audio, TrackMode.Mode2], disc.Tracks.Select(track => track.Mode));
        Assert.Equal([1, 2], disc.Tracks.Select(track => track.Session));
        using BlockSource data = DiscVolume.OpenTrack(disc.Tracks[1]);
        Assert.Equal(686080, data.Length);
        Assert.Equal("8a2ddbef71227110d9090726dafc0da4baf5a61d3587408a95d83a72f6d32ae8", ImageSample.Sha256(data));

        // Its extents count from the beginning of the disc, and so does the volume.
        using FileTree tree = Formats.FileSystems.Open(sample.Disk, "iso9660", new(new BlockCache(1 << 20)));
        Assert.NotEmpty(TreeWalk.Files(tree));
        Assert.All(TreeWalk.Files(tree), file =>
        {
            using BlockSource bytes = tree.OpenFile(file.Id);
            Assert.Equal(file.Size, bytes.ReadBytes(0, (int)bytes.Length).Length);
        });
    }

    [Theory]
    [InlineData(2, 1, 0, 2048, "iat -i IN -o OUT --iso")]
    [InlineData(3, 1, 2, 2352, "iat -i IN -o OUT --iso")]
    [InlineData(4, 1, 0, 2048, "iat -i IN -o OUT --iso")]
    [InlineData(4, 2, 0, 2048, null)]
    [InlineData(4, 2, 1, 2336, null)]
    [InlineData(3, 2, 2, 2352, null)]
    [InlineData(4, 1, 3, 2368, null)]
    [InlineData(4, 2, 4, 2448, null)]
    public void The_volume_of_a_track_is_the_one_that_went_in(
        int version, int mode, int readMode, int size, string? program)
    {
        byte[] iso = DiscData.Iso();
        byte[] raw = DiscData.Raw(iso, 0, mode);
        int count = iso.Length / 2048;
        byte[] body = size switch
        {
            2048 => iso,
            2336 => DiscData.Cut(raw, 16, 2336),
            2352 => raw,
            _ => DiscData.Join(raw, 2352, DiscData.Noise(count * (size - 2352), 1), size - 2352),
        };
        byte[] image = new CdiImage(version).Session()
            .Add(new(mode, readMode, 0, [150, count], [.. new byte[150 * size], .. body])).ToArray();
        using HandMade made = HandMade.Of(null, (Name, image));
        Assert.Empty(made.Image.Warnings);
        Assert.Equal(iso, made.Content());
        Assert.Equal((-150L, 0L), (made.Disc.Tracks[0].PregapLba, made.Disc.Tracks[0].StartLba));
        Assert.Equal("USABC2600001", made.Disc.Tracks[0].Isrc);
        Assert.Equal(version == 4 ? "1234567890123" : null, made.Disc.CatalogNumber);
        if (program is not null)
        {
            Assert.Equal(iso, made.Extract(program, Name)[..iso.Length]);
        }
    }

    [Fact]
    public void Sessions_and_sound_have_their_places_and_subchannels()
    {
        const int Length = 200;
        const int Gap = 11250;
        byte[] sound = DiscData.Sound(300, 1);
        int start = Length + 150 + 300 + Gap + 150;
        (byte[] one, byte[] two) = DiscData.IsoSessions(start);
        Array.Resize(ref one, Length * 2048);
        byte[] linear = DiscData.Noise(300 * 96, 2);
        byte[] pregap = DiscData.Sound(150, 3);
        CdiImage image = new CdiImage(4)
            .Session()
            .Add(new(1, 0, 0, [150, Length], [.. new byte[150 * 2048], .. one]))
            .Add(new(0, 4, Length + 150, [150, 100, 200],
            [
                .. DiscData.Join(pregap, 2352, new byte[150 * 96]),
                .. DiscData.Join(sound, 2352, DiscData.Interleave(linear)),
            ]))
            .Session()
            .Add(new(2, 1, start, [150, two.Length / 2048],
            [
                .. new byte[150 * 2336], .. DiscData.Cut(DiscData.Raw(two, start, 2), 16, 2336),
            ]));
        using HandMade made = HandMade.Of(null, (Name, image.ToArray()));
        Assert.Empty(made.Image.Warnings);
        Assert.Equal([0L, Length + 150, start], made.Disc.Tracks.Select(track => track.StartLba));
        Assert.Equal([Length + 250L], made.Disc.Tracks[1].FurtherIndexes);
        Assert.Equal(sound, made.Sectors(2));
        Assert.Equal(DiscData.SessionFile("one"), made.ReadFile("one.bin"));
        Assert.Equal(DiscData.SessionFile("two"), made.ReadFile("two.bin"));
        using SubchannelStream subchannels = new(made.Disc);
        Assert.Equal(linear, subchannels.ReadBytes((Length + 150) * 96L, linear.Length));
    }

    [Fact]
    public void A_pregap_of_one_sector_more_is_noticed()
    {
        byte[] iso = DiscData.Iso();
        byte[] image = new CdiImage(3).Session()
            .Add(new(1, 0, 0, [150, (iso.Length / 2048) + 1], [.. new byte[151 * 2048], .. iso])).ToArray();
        using HandMade made = HandMade.Of(null, (Name, image));
        Assert.Single(made.Image.Warnings);
        Assert.Equal(iso, made.Content());
    }

    [Fact]
    public void What_is_wrong_is_refused()
    {
        byte[] data = new byte[100 * 2048];
        CdiImage[] wrong =
        [
            new CdiImage(4),
            new CdiImage(4).Session(),
            new CdiImage(4).Session().Add(new(1, 0, 0, [100, 0], data)),
            new CdiImage(4).Session().Add(new(0, 0, 0, [0, 100], data)),
            new CdiImage(4).Session().Add(new(1, 0, 0, [0, 100, 60], data)),
            new CdiImage(4).Session().Add(new(1, 0, 0, [1], data)),
        ];
        Assert.All(
            wrong, image => Assert.Throws<ImageFormatException>(() => HandMade.Try("cdi", (Name, image.ToArray()))));
        CdiImage odd = new CdiImage(4).Session().Add(new(7, 0, 0, [0, 100], data));
        Assert.Throws<UnsupportedFeatureException>(() => HandMade.Try("cdi", (Name, odd.ToArray())));
    }

    [Fact]
    public void Damage_ends_in_success_or_a_named_error() => HandMade.Damage("cdi", (Name, new CdiImage(4)
        .Session().Add(new(1, 2, 0, [10, 20], new byte[30 * 2352])).Add(new(0, 4, 200, [10, 5, 5], new byte[20 * 2448]))
        .Session().Add(new(2, 1, 12000, [10, 20], new byte[30 * 2336])).ToArray()));
}
