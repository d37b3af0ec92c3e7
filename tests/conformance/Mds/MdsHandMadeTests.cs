using Imaged.Blocks;
using Imaged.Conformance.Discs;
using Imaged.Formats.Model;
using Imaged.Formats.Optical;
using Imaged.TestKit.Builders;
using Xunit;

namespace Imaged.Conformance.Mds;

/// <summary>Descriptors of version 1 written field by field, with volumes of xorriso and genisoimage beside
/// them.</summary>
public sealed class MdsHandMadeTests
{
    private const string Mds = "disc.mds";
    private const string Mdf = "disc.mdf";

    /// <summary>The programs know only the data file.</summary>
    [Theory]
    [InlineData(0xaa, 2352, 1, "mdf2iso IN OUT")]
    [InlineData(0xaa, 2352, 1, "iat -i IN -o OUT --iso")]
    [InlineData(0xec, 2352, 2, "iat -i IN -o OUT --iso")]
    [InlineData(0xaa, 2448, 1, null)]
    [InlineData(0xab, 2448, 2, null)]
    [InlineData(0x02, 2048, 1, "iat -i IN -o OUT --iso")]
    [InlineData(0x4c, 2336, 2, null)]
    [InlineData(0x44, 2056, 2, null)]
    public void The_volume_of_a_track_is_the_one_that_went_in(int mode, int size, int sectorMode, string? program)
    {
        byte[] iso = DiscData.Iso();
        byte[] raw = DiscData.Raw(iso, 0, sectorMode);
        byte[] data = size switch
        {
            2048 => iso,
            2056 => DiscData.Cut(raw, 16, 2056),
            2336 => DiscData.Cut(raw, 16, 2336),
            2352 => raw,
            _ => DiscData.Join(raw, 2352, DiscData.Noise(iso.Length / 2048 * 96, 1)),
        };
        byte[] mds = new MdsImage().Session()
            .Add(new(1, mode, size, 0, iso.Length / 2048, 0)
            {
                Pregap = 150, Control = 4, Subchannel = size == 2448 ? 8 : 0,
            })
            .ToArray();
        using HandMade made = HandMade.Of(null, (Mds, mds), (Mdf, data));
        Assert.Empty(made.Image.Warnings);
        Assert.Equal(iso, made.Content());
        Assert.Equal(4, made.Disc.Tracks[0].Control);
        if (program is not null)
        {
            Assert.Equal(iso, made.Extract(program, Mdf)[..iso.Length]);
        }
    }

    [Fact]
    public void A_disc_of_data_and_sound_has_its_pregaps_and_subchannels()
    {
        byte[] iso = DiscData.Iso();
        int end = iso.Length / 2048;
        byte[] raw = DiscData.Raw(iso, 0);
        byte[] sound = DiscData.Sound(300, 2);
        byte[] linear = DiscData.Noise((end + 300) * 96, 3);
        byte[] data = DiscData.Join([.. raw, .. sound], 2352, DiscData.Interleave(linear));
        byte[] mds = new MdsImage { IsWide = true }.Session()
            .Add(new(1, 0xaa, 2448, 0, end, 0) { Pregap = 150, Control = 4, Subchannel = 8 })
            .Add(new(2, 0xa9, 2448, end + 150, 300, end * 2448L) { Pregap = 150, Control = 2, Subchannel = 8 })
            .ToArray();
        using HandMade made = HandMade.Of(null, (Mds, mds), ("DISC.MDF", data));
        Assert.Empty(made.Image.Warnings);
        Assert.Equal(iso, made.Content());
        Assert.Equal(sound, made.Sectors(2));
        DiscTrack track = made.Disc.Tracks[1];
        Assert.Equal((end, end + 150L, end + 450L), (track.PregapLba, track.StartLba, track.EndLba));
        Assert.Equal((TrackMode.Audio, 2), (track.Mode, track.Control));
        using SubchannelStream subchannels = new(made.Disc);
        Assert.Equal(linear[..(end * 96)], subchannels.ReadBytes(0, end * 96));
        Assert.Equal(linear[(end * 96)..], subchannels.ReadBytes((end + 150) * 96L, 300 * 96));
        using BlockSource stream = DiscStream.Open(made.Disc);
        Assert.Equal(new byte[150 * 2352], stream.ReadBytes(end * 2352L, 150 * 2352));
    }

    [Fact]
    public void Of_two_sessions_the_last_one_is_the_volume()
    {
        const int Length = 200;
        const int Start = Length + 11250 + 150;
        (byte[] one, byte[] two) = DiscData.IsoSessions(Start);
        Array.Resize(ref one, Length * 2048);
        byte[] data = [.. DiscData.Raw(one, 0, 2), .. DiscData.Raw(two, Start, 2)];
        byte[] mds = new MdsImage()
            .Session().Add(new(1, 0xac, 2352, 0, Length, 0) { Pregap = 150, Control = 4 })
            .Session().Add(new(2, 0xac, 2352, Start, two.Length / 2048, Length * 2352) { Pregap = 150, Control = 4 })
            .ToArray();
        using HandMade made = HandMade.Of(null, (Mds, mds), (Mdf, data));
        Assert.Equal([0L, Start], made.Disc.Sessions.Select(session => session.StartLba));
        Assert.Equal(DiscData.SessionFile("one"), made.ReadFile("one.bin"));
        Assert.Equal(DiscData.SessionFile("two"), made.ReadFile("two.bin"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void A_dvd_may_be_in_parts_or_have_no_footer(int parts)
    {
        byte[] iso = DiscData.Iso();
        string[] names = parts == 0 ? [] : [
            .. Enumerable.Range(0, parts).Select(i => i == 0 ? "*.mdf" : $"*.md{i - 1}")];
        byte[] mds = new MdsImage(0x10) { Names = names }.Session()
            .Add(new(1, 2, 2048, 0, parts == 3 ? 0 : iso.Length / 2048, 0) { Control = 4 }).ToArray();
        List<(string, byte[])> files = [(Mds, mds)];
        int step = parts == 3 ? 99_999 : iso.Length;
        for (int i = 0; i < Math.Max(1, parts); i++)
        {
            byte[] part = i == parts - 1 ? iso[(i * step)..] : iso[(i * step)..((i + 1) * step)];
            files.Add((i == 0 ? Mdf : $"disc.md{i - 1}", part));
        }

        using HandMade made = HandMade.Of(null, [.. files]);
        Assert.Equal(DiscMedium.Dvd, made.Disc.Medium);
        Assert.Equal(iso, made.Content());
        Assert.Empty(made.Image.Warnings);
    }

    [Fact]
    public void Xmd_of_game_jack_names_its_data_file_by_itself()
    {
        byte[] iso = DiscData.Iso();
        byte[] xmd = new MdsImage { Names = [] }.Session().Add(
            new(1, 2, 2048, 0, iso.Length / 2048, 0) { Pregap = 7 }).ToArray();
        using HandMade made = HandMade.Of(null, ("disc.xmd", xmd), ("disc.xmf", iso));
        Assert.Equal(iso, made.Content());
    }

    [Fact]
    public void A_folder_in_the_name_is_left_out_and_a_missing_file_is_named()
    {
        byte[] iso = DiscData.Iso();
        MdsImage image = new() { Names = [@"..\..\secret\other.mdf"] };
        byte[] mds = image.Session().Add(new(1, 2, 2048, 0, iso.Length / 2048, 0)).ToArray();
        using HandMade made = HandMade.Of(null, (Mds, mds), ("other.mdf", iso));
        Assert.Equal(iso, made.Content());
        ImageFormatException error = Assert.Throws<ImageFormatException>(() => HandMade.Try(null, (Mds, mds)));
        Assert.Contains("'other.mdf'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_wrong_is_refused()
    {
        byte[] data = new byte[100 * 2048];
        byte[][] wrong =
        [
            new MdsImage().ToArray(),
            new MdsImage().Session().Add(new(1, 2, 2048, 0, 101, 0)).ToArray(),
            new MdsImage().Session().Add(new(1, 2, 2048, 0, 100, 1)).ToArray(),
            new MdsImage().Session().Add(new(1, 2, 2048, 0, 100, -1)).ToArray(),
            new MdsImage().Session().Add(new(1, 2, 2048, 0, 50, 0)).Add(new(1, 2, 2048, 50, 50, 0)).ToArray(),
            new MdsImage().Session().Add(new(1, 2, 2048, 0, 50, 0)).Add(new(2, 2, 2048, 40, 50, 0)).ToArray(),
            new MdsImage().Session().Add(new(1, 1, 2048, 0, 100, 0)).ToArray(),
        ];
        Assert.All(
            wrong, mds => Assert.Throws<ImageFormatException>(() => HandMade.Try("mds", (Mds, mds), (Mdf, data))));
        byte[] odd = new MdsImage().Session().Add(new(1, 2, 1000, 0, 100, 0)).ToArray();
        Assert.Throws<UnsupportedFeatureException>(() => HandMade.Try("mds", (Mds, odd), (Mdf, data)));
        odd[16] = 7;
        Assert.Throws<UnsupportedFeatureException>(() => HandMade.Try("mds", (Mds, odd), (Mdf, data)));
    }

    [Fact]
    public void Damage_ends_in_success_or_a_named_error()
    {
        byte[] mds = new MdsImage()
            .Session().Add(new(1, 0xaa, 2352, 0, 20, 0) { Pregap = 150 }).Add(
                new(2, 0xa9, 2352, 30, 20, 20 * 2352) { Pregap = 10 })
            .Session().Add(new(3, 0xaa, 2448, 12000, 20, 40 * 2352) { Pregap = 150, Subchannel = 8 })
            .ToArray();
        HandMade.Damage("mds", (Mds, mds), (Mdf, new byte[70 * 2352]));
    }
}
