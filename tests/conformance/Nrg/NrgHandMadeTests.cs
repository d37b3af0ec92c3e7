using Imaged.Blocks;
using Imaged.Conformance.Discs;
using Imaged.Formats.Model;
using Imaged.Formats.Optical;
using Imaged.TestKit.Builders;
using Xunit;

namespace Imaged.Conformance.Nrg;

/// <summary>What no sample has: images written chunk by chunk, with volumes of xorriso and genisoimage in
/// them.</summary>
public sealed class NrgHandMadeTests
{
    private const string Name = "disc.nrg";

    /// <summary>Mode code and sector size of one data track written disc at once: Nero's, and those of
    /// MagicISO.</summary>
    [Theory]
    [InlineData(1, 0x00, 2048, "nrg2iso IN OUT")]
    [InlineData(2, 0x00, 2048, "iat -i IN -o OUT --iso")]
    [InlineData(2, 0x02, 2048, "nrg2iso IN OUT")]
    [InlineData(2, 0x03, 2336, null)]
    [InlineData(1, 0x05, 2352, "iat -i IN -o OUT --iso")]
    [InlineData(2, 0x05, 2352, "iat -i IN -o OUT --iso")]
    [InlineData(2, 0x06, 2352, "iat -i IN -o OUT --iso")]
    [InlineData(2, 0x0f, 2448, null)]
    [InlineData(1, 0x11, 2448, null)]
    [InlineData(2, 0x00, 2352, "iat -i IN -o OUT --iso")]
    [InlineData(2, 0x02, 2352, "iat -i IN -o OUT --iso")]
    [InlineData(2, 0x63, 2352, null)]
    public void One_track_disc_at_once_holds_the_volume(int version, int code, int size, string? program)
    {
        byte[] iso = DiscData.Iso();
        byte[] body = Stored(iso, 0, code, size);
        byte[] bytes = Single(version, code, size, body);
        using HandMade made = HandMade.Of(null, (Name, bytes));
        Assert.Empty(made.Image.Warnings);
        Assert.Equal(iso, made.Content());
        Assert.Equal("1234567890123", made.Disc.CatalogNumber);
        Assert.Equal("USABC2600001", made.Disc.Tracks[0].Isrc);
        Assert.Equal((-150L, 0L, iso.Length / 2048L), Place(made.Disc.Tracks[0]));
        if (program is not null)
        {
            // The programs know neither pregap nor end of a track: iat drops both, nrg2iso copies up to the file's end.
            byte[] extracted = made.Extract(program, Name);
            Assert.Equal(iso, extracted[..iso.Length]);
        }
    }

    /// <summary>Tables of tracks written one at a time have no sector size.</summary>
    [Theory]
    [InlineData(1, 0x00, 2048)]
    [InlineData(2, 0x00, 2048)]
    [InlineData(2, 0x02, 2048)]
    [InlineData(1, 0x03, 2336)]
    [InlineData(2, 0x20, 2336)]
    [InlineData(2, 0x05, 2352)]
    [InlineData(1, 0x06, 2352)]
    [InlineData(2, 0x06, 2336)]
    [InlineData(2, 0x03, 2352)]
    [InlineData(2, 0x0f, 2448)]
    public void One_track_at_once_holds_the_volume(int version, int code, int size)
    {
        // 147 sectors of 2048 bytes are 128 of 2352: a length that tells nothing.
        byte[] iso = DiscData.Iso();
        Array.Resize(ref iso, 147 * 2 * 2048);
        byte[] body = Stored(iso, 0, code, size);
        NrgImage image = new NrgImage(version).Sectors(body).Tao((code, 0, body.Length, 0)).EndSession(1);
        using HandMade made = HandMade.Of(null, (Name, image.ToArray()));
        Assert.Empty(made.Image.Warnings);
        Assert.Equal(iso, made.Content());
    }

    [Fact]
    public void Oldest_tables_have_no_sector_numbers()
    {
        byte[] iso = DiscData.Iso();
        byte[] sound = DiscData.Sound(400, 1);
        byte[] table = new ByteWriter(true)
            .U32(0).U32(iso.Length).U32(0)
            .U32(iso.Length).U32(sound.Length).U32(7)
            .ToArray();
        NrgImage image = new NrgImage(1).Sectors(iso).Sectors(sound).Chunk("TINF", table).EndSession(2);
        using HandMade made = HandMade.Of(null, (Name, image.ToArray(0)));
        long end = iso.Length / 2048;
        Assert.Equal([(0, 0, end), (end, end + 150, end + 550)], made.Disc.Tracks.Select(Place));
        Assert.Equal(iso, made.Content());
        Assert.Equal(sound, made.Sectors(2));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_disc_of_data_and_sound_has_its_pregaps_and_further_indexes(int version)
    {
        byte[] iso = DiscData.Iso();
        int end = iso.Length / 2048;
        byte[] pregap = DiscData.Sound(150, 1);
        byte[] sound = DiscData.Sound(300, 2);
        NrgImage image = new NrgImage(version).Sectors(new byte[150 * 2352]).Sectors(DiscData.Raw(iso, 0));
        int first = image.Length;
        image.Sectors(pregap).Sectors(sound)
            .Cues(
                (0x41, 0, 0, -150), (0x41, 1, 0, -150), (0x41, 1, 1, 0), (0x01, 2, 0, end), (0x01, 2, 1, end + 150),
                (0x01, 2, 2, end + 200), (0x01, 0xaa, 1, end + 450))
            .Dao(
                1,
                (2352, 5, 0, 150 * 2352, first),
                (2352, 7, first, first + pregap.Length, image.Length))
            .EndSession(2);
        using HandMade made = HandMade.Of(null, (Name, image.ToArray()));
        Assert.Empty(made.Image.Warnings);
        Assert.Equal([(-150, 0, end), (end, end + 150L, end + 450L)], made.Disc.Tracks.Select(Place));
        Assert.Equal([TrackMode.Mode1, TrackMode.Audio], made.Disc.Tracks.Select(track => track.Mode));
        Assert.Equal([4, 0], made.Disc.Tracks.Select(track => track.Control));
        Assert.Equal([end + 200L], made.Disc.Tracks[1].FurtherIndexes);
        Assert.Equal(iso, made.Content());
        Assert.Equal(sound, made.Sectors(2));
        using BlockSource stream = DiscStream.Open(made.Disc);
        Assert.Equal(pregap, stream.ReadBytes(end * 2352L, pregap.Length));
    }

    /// <summary>Sessions of both kinds follow each other, and the volume of the last is shown with the files of the
    /// first.</summary>
    [Theory]
    [InlineData(1, true, true)]
    [InlineData(2, true, true)]
    [InlineData(2, true, false)]
    [InlineData(2, false, false)]
    [InlineData(1, false, true)]
    public void Of_two_sessions_the_last_one_is_the_volume(int version, bool isFirstDao, bool isSecondDao)
    {
        // The volume says where the second session begins, so the first one has this length whatever it holds.
        const int Length = 200;
        const int Start = Length + 11250 + 150;
        (byte[] one, byte[] two) = DiscData.IsoSessions(Start);
        Assert.InRange(one.Length, 1, Length * 2048);
        Array.Resize(ref one, Length * 2048);
        NrgImage image = new(version);
        AddSession(image, one, 1, 0, isFirstDao);
        AddSession(image, two, 2, Start, isSecondDao);
        using HandMade made = HandMade.Of(null, (Name, image.ToArray()));
        Assert.Equal([1, 2], made.Disc.Sessions.Select(session => session.Number));
        Assert.Equal([0L, Start], made.Disc.Sessions.Select(session => session.StartLba));
        Assert.Equal(one, made.Data(1));
        Assert.Equal(two, made.Data(2));
        Assert.Equal(DiscData.SessionFile("one"), made.ReadFile("one.bin"));
        Assert.Equal(DiscData.SessionFile("two"), made.ReadFile("two.bin"));
        Assert.Empty(made.Image.Warnings);
    }

    [Fact]
    public void Subchannels_are_interleaved()
    {
        byte[] sound = DiscData.Sound(160, 3);
        byte[] linear = DiscData.Noise(160 * 96, 4);
        byte[] stored = DiscData.Join(sound, 2352, DiscData.Interleave(linear));
        NrgImage image = new NrgImage(2).Sectors(stored)
            .Cues((0x01, 0, 0, -150), (0x01, 1, 0, -150), (0x01, 1, 1, 0), (0x01, 0xaa, 1, 160))
            .Dao(1, (2448, 0x10, 0, 0, stored.Length)).EndSession(1);
        using HandMade made = HandMade.Of(null, (Name, image.ToArray()));
        Assert.Equal(sound, made.Sectors(1));
        Assert.True(made.Disc.HasSubchannel);
        using SubchannelStream subchannels = new(made.Disc);
        Assert.Equal(linear, subchannels.ReadBytes(0, (int)subchannels.Length));
    }

    [Fact]
    public void Times_of_a_cue_sheet_may_be_numbers_instead_of_digits()
    {
        // 00:16:00 as digits is 00:22:00 as a number, and only the length of the track tells.
        byte[] sound = DiscData.Sound((22 * 75) - 150, 5);
        byte[] cues =
        [
            1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 2, 0, 1, 0xaa, 1, 0, 0, 0, 0x16, 0,
        ];
        NrgImage image = new NrgImage(1).Sectors(new byte[150 * 2352]).Sectors(sound).Chunk("CUES", cues);
        image.Dao(1, (2352, 7, 0, 150 * 2352, image.Length)).EndSession(1);
        using HandMade made = HandMade.Of(null, (Name, image.ToArray()));
        Assert.Equal((-150L, 0L, 1500L), Place(made.Disc.Tracks[0]));
        Assert.Equal(sound, made.Sectors(1));
    }

    [Fact]
    public void A_dvd_is_one_track_at_the_beginning_of_the_file()
    {
        byte[] iso = DiscData.Iso();
        NrgImage image = new NrgImage(2).Sectors(iso).Tao((0, 0, iso.Length, 0)).EndSession(1);
        using HandMade made = HandMade.Of(null, (Name, image.ToArray(8)));
        Assert.Equal(DiscMedium.Dvd, made.Disc.Medium);
        Assert.Equal(iso, made.Content());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Offsets_behind_the_data_of_a_dvd_mean_all_of_it(bool hasPregap)
    {
        byte[] iso = DiscData.Iso();
        NrgImage image = new(2);
        image.Sectors(hasPregap ? new byte[150 * 2048] : []).Sectors(iso);
        image.Dao(1, (2048, 0, 0, 307200, image.Length + 307200)).EndSession(1);
        using HandMade made = HandMade.Of(null, (Name, image.ToArray(4)));
        Assert.Single(made.Image.Warnings);
        Assert.Equal(iso, made.Content());
    }

    [Fact]
    public void Bytes_behind_the_footer_and_a_missing_end_are_told_or_left_out()
    {
        byte[] iso = DiscData.Iso();
        byte[] good = Single(2, 0, 2048, iso);
        using HandMade padded = HandMade.Of(null, (Name, [.. good, .. new byte[40_000]]));
        Assert.Equal(iso, padded.Content());

        // Without the name of the last chunk.
        int end = good.AsSpan().LastIndexOf("END!"u8);
        good.AsSpan(end, 4).Clear();
        "DINF"u8.CopyTo(good.AsSpan(end));
        using HandMade endless = HandMade.Of(null, (Name, good));
        Assert.Equal(["the chunks do not end with END!"], endless.Image.Warnings);
        Assert.Equal(iso, endless.Content());
    }

    [Fact]
    public void What_is_wrong_is_refused()
    {
        byte[] data = new byte[200 * 2048];
        long end = data.Length;
        NrgImage[] wrong =
        [
            new NrgImage(2).Sectors(data),
            new NrgImage(2).Sectors(data).Dao(1, (2048, 0, 0, 4096, end + 1)),
            new NrgImage(2).Sectors(data).Dao(1, (2048, 0, 4096, 2048, end)),
            new NrgImage(2).Sectors(data).Dao(1, (2048, 0, 0, end, end)),
            new NrgImage(2).Sectors(data).Dao(1, (2048, 0, 0, long.MinValue, end)),
            new NrgImage(2).Sectors(data).Cues((0x41, 1, 1, 0), (0x41, 2, 1, 10))
                .Dao(1, (2048, 0, 0, 0, end), (2048, 0, 0, 0, end)),
            new NrgImage(2).Sectors(data).Tao((7, 1, 2351, 0)),
            new NrgImage(2).Sectors(data).Tao((0, -1, 10, 0)),
            new NrgImage(2).Sectors(data).Chunk("ETN2", new byte[33]),
            new NrgImage(2).Sectors(data).Chunk("DAOX", new byte[22]),
            new NrgImage(2).Sectors(data).Cues((0x41, 0xbb, 1, 0)).Dao(1, (2048, 0, 0, 0, end)),
        ];
        Assert.All(wrong, image =>
            Assert.Throws<ImageFormatException>(() => HandMade.Try("nrg", (Name, image.ToArray()))));
        Assert.Throws<UnsupportedFeatureException>(() =>
            HandMade.Try("nrg", (Name, new NrgImage(2).Sectors(data).Dao(1, (1234, 0, 0, 0, end)).ToArray())));
        Assert.Throws<ImageFormatException>(() => HandMade.Try("nrg", (Name, data)));
    }

    [Fact]
    public void Damage_ends_in_success_or_a_named_error()
    {
        NrgImage image = new NrgImage(1).Sectors(new byte[50 * 2352])
            .Cues((0x01, 0, 0, -150), (0x01, 1, 1, 0), (0x01, 2, 0, 20), (0x01, 2, 1, 30), (0x01, 0xaa, 1, 50))
            .Dao(1, (2352, 7, 0, 0, 20 * 2352), (2352, 5, 20 * 2352, 30 * 2352, 50 * 2352)).EndSession(2)
            .Tao((0, 0, 20 * 2048, 20000), (6, 0, 20 * 2352, 30000)).EndSession(2);
        HandMade.Damage("nrg", (Name, image.ToArray()));
    }

    private static (long Pregap, long Start, long End) Place(DiscTrack track) =>
        (track.PregapLba, track.StartLba, track.EndLba);

    private static byte[] Single(int version, int code, int size, byte[] body)
    {
        int sectors = body.Length / size;
        byte[] pregap = new byte[150 * size];
        return new NrgImage(version).Sectors(pregap).Sectors(body)
            .Cues((0x41, 0, 0, -150), (0x41, 1, 0, -150), (0x41, 1, 1, 0), (0x41, 0xaa, 1, sectors))
            .Dao(1, (size, code, 0, pregap.Length, pregap.Length + body.Length)).EndSession(1).ToArray();
    }

    private static byte[] Stored(byte[] iso, int lba, int code, int size)
    {
        bool isMode2 = code is 2 or 3 or 6 or 0x11 or 0x20;
        byte[] raw = DiscData.Raw(iso, lba, isMode2 ? 2 : 1);
        return size switch
        {
            2048 => iso,
            2336 => DiscData.Cut(raw, 16, 2336),
            2352 => raw,
            _ => DiscData.Join(raw, 2352, DiscData.Noise(raw.Length / 2352 * 96, 9)),
        };
    }

    private static void AddSession(NrgImage image, byte[] iso, int number, int start, bool isDao)
    {
        int begin = image.Length;
        int sectors = iso.Length / 2048;
        if (!isDao)
        {
            image.Sectors(iso).Tao((0, begin, iso.Length, start)).EndSession(1);
            return;
        }

        int pregap = 150 * 2048;
        image.Sectors(new byte[pregap]).Sectors(iso)
            .Cues(
                (0x41, 0, 0, start - 150),
                (0x41, number, 0, start - 150),
                (0x41, number, 1, start),
                (0x41, 0xaa, 1, start + sectors))
            .Dao(number, (2048, 0, begin, begin + pregap, begin + pregap + iso.Length)).EndSession(1);
    }
}
