using Imaged.Conformance.Discs;
using Imaged.Formats.Model;
using Imaged.Formats.Optical;
using Imaged.TestKit;
using Imaged.TestKit.Builders;
using Xunit;

namespace Imaged.Conformance.BlindWrite;

/// <summary>Descriptors written field by field: no sample and no other program is known.</summary>
public sealed class BlindWriteTests
{
    private const string B5t = "disc.b5t";
    private const string B5i = "disc.B5I";

    [Theory]
    [InlineData(2048, 1)]
    [InlineData(2336, 2)]
    [InlineData(2352, 1)]
    [InlineData(2352, 2)]
    [InlineData(2368, 1)]
    [InlineData(2448, 2)]
    public void The_volume_of_a_track_is_the_one_that_went_in(int size, int mode)
    {
        byte[] iso = DiscData.Iso();
        int count = iso.Length / 2048;
        byte[] raw = DiscData.Raw(iso, 0, mode);
        byte[] data = size switch
        {
            2048 => iso,
            2336 => DiscData.Cut(raw, 16, 2336),
            2352 => raw,
            _ => DiscData.Join(raw, 2352, DiscData.Noise(count * (size - 2352), 1), size - 2352),
        };
        byte[] b5t = new B5Image().Block(@"C:\images\disc.b5i", 0, size, 0, count)
            .Session().Add(new(1, mode == 1 ? 2 : 4, -150, count + 150, 150, 4)).ToArray();
        using HandMade made = HandMade.Of(null, (B5t, b5t), (B5i, data));
        Assert.Empty(made.Image.Warnings);
        Assert.Equal(iso, made.Content());
        Assert.Equal("1234567890123", made.Disc.CatalogNumber);
        Assert.Contains(new("Read by", "VENDOR PRODUCT 1.00"), made.Image.Details);
    }

    [Fact]
    public void A_disc_of_data_and_sound_in_two_files_has_its_pregaps_words_and_subchannels()
    {
        byte[] iso = DiscData.Iso();
        int end = iso.Length / 2048;
        byte[] raw = DiscData.Raw(iso, 0);
        byte[] sound = DiscData.Sound(450, 2);
        byte[] linear = DiscData.Noise((end + 450) * 96, 3);
        byte[] data = DiscData.Join([.. raw, .. sound], 2352, linear);
        int cut = end + 200;
        byte[] text = TextOfLibcdio();
        byte[] b5t = new B5Image()
            .Block("disc.b5i", 0, 2448, 0, cut).Block("disc.001", 5, 2448, cut, end + 450 - cut)
            .Session().Add(new(1, 2, 0, end, 0, 4)).Add(new(2, 1, end, 450, 150, 2)).ToArray(text);
        using HandMade made = HandMade.Of(
            null, (B5t, b5t), (B5i, data[..(cut * 2448)]), ("disc.001", [1, 2, 3, 4, 5, .. data[(cut * 2448)..]]));
        Assert.Empty(made.Image.Warnings);
        Assert.Equal(iso, made.Content());
        DiscTrack track = made.Disc.Tracks[1];
        Assert.Equal((end, end + 150L, end + 450L), (track.PregapLba, track.StartLba, track.EndLba));
        Assert.Equal((TrackMode.Audio, 2), (track.Mode, track.Control));
        Assert.Equal(sound[(150 * 2352)..], made.Sectors(2));
        Assert.Equal("Richard Stallman", made.Disc.Text.Performer);
        using SubchannelStream subchannels = new(made.Disc);
        Assert.Equal(linear, subchannels.ReadBytes(0, (int)subchannels.Length));
    }

    [Fact]
    public void Of_two_sessions_the_last_one_is_the_volume()
    {
        const int Length = 200;
        const int Start = Length + 11250 + 150;
        (byte[] one, byte[] two) = DiscData.IsoSessions(Start);
        Array.Resize(ref one, Length * 2048);
        byte[] data = [.. one, .. two];
        byte[] b5t = new B5Image()
            .Block("disc.b5i", Length * 2048, 2048, Start, two.Length / 2048).Block("disc.b5i", 0, 2048, 0, Length)
            .Session().Add(new(1, 2, 0, Length, 0, 4))
            .Session().Add(new(2, 2, Start - 150, (two.Length / 2048) + 150, 150, 4)).ToArray();
        using HandMade made = HandMade.Of(null, (B5t, b5t), (B5i, data));
        Assert.Equal([0L, Start], made.Disc.Sessions.Select(session => session.StartLba));
        Assert.Equal(DiscData.SessionFile("one"), made.ReadFile("one.bin"));
        Assert.Equal(DiscData.SessionFile("two"), made.ReadFile("two.bin"));
    }

    [Fact]
    public void A_dvd_has_one_track_of_its_own_kind()
    {
        byte[] iso = DiscData.Iso();
        int count = iso.Length / 2048;
        byte[] b6t = new B5Image(0x10).Block("other.b6i", 0, 2048, 0, count).Session().Add(
            new(1, 6, 0, count, 0, 4)).ToArray();
        using HandMade made = HandMade.Of(null, ("disc.b6t", b6t), ("disc.b6i", iso));
        Assert.Equal(DiscMedium.Dvd, made.Disc.Medium);
        Assert.Equal(iso, made.Content());
        Assert.Single(made.Image.Warnings);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Version_4_has_sectors_and_subchannels_in_files_of_their_own(bool hasSubchannels)
    {
        byte[] iso = DiscData.Iso();
        int end = iso.Length / 2048;
        byte[] sound = DiscData.Sound(350, 1);
        byte[] data = [.. DiscData.Raw(iso, 0, 2), .. sound];
        byte[] linear = DiscData.Noise((end + 350) * 96, 4);
        byte[] bwt = new B4Image("X:\\disc.bwi", "X:\\disc.bws")
            .Add(new(0xa0, 1, 4, 0, 0, 0, 0, 0)).Add(new(1, 1, 4, 0, 150, -150, 0, end))
            .Add(new(2, 1, 0, (end + 50) * 2352, 150, end, end + 50, end + 350)).ToArray();
        using HandMade made = HandMade.Of(
            null, [
                ("disc.bwt", bwt),
                ("disc.bwi", data),
                .. hasSubchannels ? [("disc.bws", linear)] : ((string, byte[])[])[]]);
        Assert.Equal(hasSubchannels ? 0 : 1, made.Image.Warnings.Length);
        Assert.Equal(iso, made.Content());
        Assert.Equal(sound[(50 * 2352)..], made.Sectors(2));
        Assert.Equal(
            (end, end + 50L, end + 350L),
            (made.Disc.Tracks[1].PregapLba, made.Disc.Tracks[1].StartLba, made.Disc.Tracks[1].EndLba));
        Assert.Equal("Title 2", made.Disc.Tracks[1].Text.Title);
        Assert.Equal("USABC2600002", made.Disc.Tracks[1].Isrc);
        Assert.Equal(hasSubchannels, made.Disc.HasSubchannel);
        using SubchannelStream subchannels = new(made.Disc);
        Assert.Equal(
            hasSubchannels ? linear : new byte[linear.Length], subchannels.ReadBytes(0, (int)subchannels.Length));
    }

    [Fact]
    public void What_is_wrong_is_refused()
    {
        byte[] data = new byte[100 * 2048];
        byte[] good = new B5Image().Block("disc.b5i", 0, 2048, 0, 100).Session().Add(new(1, 2, 0, 100, 0, 4)).ToArray();
        HandMade.Try(null, (B5t, good), (B5i, data));
        byte[][] wrong =
        [
            good[..^1],
            new B5Image().Block("disc.b5i", 0, 2048, 0, 101).Session().Add(new(1, 2, 0, 101, 0, 4)).ToArray(),
            new B5Image().Block("disc.b5i", 1, 2048, 0, 100).Session().Add(new(1, 2, 0, 100, 0, 4)).ToArray(),
            new B5Image().Block("disc.b5i", 0, 2048, 0, 50).Block("disc.b5i", 0, 2048, 49, 50)
                .Session().Add(new(1, 2, 0, 100, 0, 4)).ToArray(),
            new B5Image().Block("disc.b5i", 0, 2048, 0, 100).Session().Add(new(1, 2, 0, 100, 100, 4)).ToArray(),
            new B5Image().Block("disc.b5i", 0, 2048, 0, 0).Session().Add(new(1, 2, 0, 100, 0, 4)).ToArray(),
            new B5Image().Block("disc.b5i", 0, 2048, 0, 100).Session().Add(new(1, 1, 0, 100, 0, 4)).ToArray(),
            new B5Image().Block("disc.b5i", 0, 2048, 0, 99).Block("other.001", 0, 2048, 99, 1)
                .Session().Add(new(1, 2, 0, 100, 0, 4)).ToArray(),
            "BLINDWRITE TOC FILE"u8.ToArray(),
        ];
        Assert.All(
            wrong,
            b5t => Assert.Throws<ImageFormatException>(() => HandMade.Try("blindwrite", (B5t, b5t), (B5i, data))));
    }

    [Fact]
    public void Damage_ends_in_success_or_a_named_error()
    {
        byte[] b5t = new B5Image().Block("disc.b5i", 0, 2448, 0, 50).Block("disc.b5i", 50 * 2448, 2352, 12000, 50)
            .Session().Add(new(1, 2, 0, 30, 0, 4)).Add(new(2, 1, 30, 20, 10, 2)).Session().Add(
                new(3, 3, 12000, 50, 0, 4)).ToArray();
        HandMade.Damage("blindwrite", (B5t, b5t), (B5i, new byte[100 * 2448]));
        byte[] bwt = new B4Image("disc.b5i", "disc.b5i").Add(new(1, 1, 4, 0, 150, -150, 0, 40))
            .Add(new(2, 1, 0, 50 * 2352, 150, 40, 50, 90)).ToArray();
        HandMade.Damage("blindwrite", ("disc.bwt", bwt), (B5i, new byte[100 * 2352]));
    }

    private static byte[] TextOfLibcdio()
    {
        using SampleFiles files = new("nrg/libcdio-p1.nrg.xz");
        byte[] tail = files.First.ReadBytes(files.First.Length - 1024, 1024);
        int at = tail.AsSpan().IndexOf("CDTX"u8) + 8;
        return tail[at..(at + 144)];
    }
}
