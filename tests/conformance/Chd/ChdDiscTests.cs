using Imaged.Blocks;
using Imaged.Conformance.Discs;
using Imaged.Conformance.Optical;
using Imaged.Formats.Model;
using Imaged.Formats.Optical;
using Imaged.Formats.Optical.Sectors;
using Imaged.TestKit;
using Imaged.TestKit.Builders;
using Xunit;

namespace Imaged.Conformance.Chd;

/// <summary>CDs, GD-ROMs and DVDs, most of them packed and unpacked by chdman. They have some twenty hunks or more: of
/// fewer chdman 0.251 cuts the map off, and reads the image no more itself.</summary>
public sealed class ChdDiscTests
{
    private const int Frame = 2448;

    [Fact]
    public void A_sample_holds_the_tracks_that_chdman_extracts()
    {
        using ImageSample sample = ImageSample.Open("chd/igir-CD-ROM.chd");
        Disc disc = sample.Image.Disc!;
        Assert.Equal([1L, 2L, 3L], disc.Tracks.Select(track => track.EndLba - track.PregapLba));
        using BlockSource stream = DiscStream.Open(disc);
        Assert.Equal(
            "ffd429cb50ad08db81efd1760e24eaa2b3a6044b5bb6fc694659c519c7b443e2", ImageSample.Sha256(stream));
        Assert.Equal(2, sample.Image.Warnings.Length);
        Assert.All(
            sample.Image.Warnings, text => Assert.Contains("no more than its pregap", text, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("cdzl")]
    [InlineData("cdlz")]
    [InlineData("cdfl")]
    [InlineData("cdlz,cdzl,cdfl")]
    [InlineData("zlib,flac")]
    [InlineData("none")]
    [InlineData("cdzl", 32)]
    public void A_disc_of_data_and_sound_is_what_went_in(string codecs, int frames = 8)
    {
        using TemporaryFolder folder = new();
        (byte[] data, byte[] first, byte[] second) = MakeMixed(folder);
        Chdman.Run(folder, $"createcd -i disc.cue -o disc.chd -c {codecs} -hs {frames * Frame}");
        Chdman.Run(folder, "extractcd -i disc.chd -o out.cue -ob out.bin");
        using FolderFiles files = new(folder.Path, "disc.chd");
        using DiskImage image = QemuImage.Open(files, "disc.chd");
        Assert.Equal("chd", image.Format.Id);
        Assert.Empty(image.Warnings);
        Disc disc = image.Disc!;
        Assert.Equal([0L, 301L, 654L], disc.Tracks.Select(track => track.PregapLba));
        Assert.Equal([0L, 451L, 804L], disc.Tracks.Select(track => track.StartLba));
        Assert.Equal([301L, 654L, 905L], disc.Tracks.Select(track => track.EndLba));
        Assert.Equal([4, 0, 0], disc.Tracks.Select(track => track.Control));

        // Two seconds of silence before track 3 are in no file.
        byte[] stream = All(disc);
        Assert.Equal([.. data, .. first, .. new byte[150 * 2352], .. second], stream);
        byte[] stored = [.. stream.Take(654 * 2352), .. stream.Skip(804 * 2352)];
        Assert.Equal(File.ReadAllBytes(folder["out.bin"]), stored);
        Assert.Equal(DiscData.Cut(data, 16, 2048), image.Content.ReadBytes(0, (int)image.Content.Length));

        OpticalCheck check = OpticalCheck.Run(image);
        Assert.Empty(check.Problems);
        Assert.Contains("EDC of 301 sectors", check.Confirmed);
        Assert.Equal(codecs != "none", check.Confirmed.Contains("SHA-1 of the whole"));
        if (codecs is "cdzl" or "cdlz")
        {
            // The error correction codes are not stored: 276 bytes of each sector that cannot be packed otherwise.
            Assert.InRange(
                new FileInfo(folder["disc.chd"]).Length, 0, (301 * 2200) + first.Length + second.Length);
        }
    }

    [Fact]
    public void Zstandard_of_frames_is_read()
    {
        Requires.Tool("zstd");
        byte[] data = Sectors(8, 0);
        byte[] stripped = [.. data];
        for (int i = 0; i < 8; i++)
        {
            stripped.AsSpan(i * 2352, 12).Clear();
            stripped.AsSpan((i * 2352) + 2076, 276).Clear();
        }

        byte[] sub = [.. Enumerable.Range(0, 8 * 96).Select(i => (byte)(i / 5))];
        byte[] packed = Chdman.Zstd(stripped);
        byte[] content = DiscData.Join(data, 2352, sub);
        byte[] chd = new ChdImage(8 * Frame, Frame, "cdzs")
            .Stored(0, [0xff, (byte)(packed.Length >> 8), (byte)packed.Length, .. packed, .. Chdman.Zstd(sub)], content)
            .Metadata("CHT2", "TRACK:1 TYPE:MODE1_RAW SUBTYPE:RW_RAW FRAMES:7 PREGAP:0 PGTYPE:MODE1 POSTGAP:0")
            .Build();
        using HandMade made = HandMade.Of(null, ("disc.chd", chd));
        Assert.Equal(data[..(7 * 2352)], made.Sectors(1));
        using SubchannelStream stream = new(made.Disc);
        Assert.Equal(sub[..(7 * 96)], DiscData.Interleave(stream.ReadBytes(0, 7 * 96)));
    }

    [Fact]
    public void Subchannels_are_those_of_the_file_that_went_in()
    {
        using TemporaryFolder folder = new();
        byte[] data = Sectors(60, 0);
        byte[] linear = DiscData.Noise(60 * 96, 8);
        File.WriteAllBytes(folder["a.bin"], DiscData.Join(data, 2352, DiscData.Interleave(linear)));
        File.WriteAllBytes(folder["b.bin"], DiscData.Sound(71, 5));
        File.WriteAllText(
            folder["disc.toc"],
            "CD_ROM\n\nTRACK MODE1_RAW RW_RAW\nDATAFILE \"a.bin\" 00:00:60\n\n"
            + "TRACK AUDIO\nFILE \"b.bin\" 0 00:00:71\n");
        Chdman.Run(folder, "createcd -i disc.toc -o disc.chd");
        using FolderFiles files = new(folder.Path, "disc.chd");
        using DiskImage image = QemuImage.Open(files, "disc.chd");
        Assert.True(image.Disc!.HasSubchannel);
        using SubchannelStream stream = new(image.Disc);
        Assert.Equal(131 * 96, stream.Length);
        Assert.Equal(linear, stream.ReadBytes(0, linear.Length));
        Assert.Equal(data, Body(image.Disc, 1));
    }

    [Theory]
    [InlineData("MODE1/2048", 2048, "Mode1", 16)]
    [InlineData("MODE2/2336", 2336, "Mode2", 16)]
    [InlineData("MODE2/2352", 2352, "Mode2", 0)]
    public void Data_tracks_of_all_kinds_are_read(string type, int length, string mode, int begin)
    {
        using TemporaryFolder folder = new();
        byte[] whole = DiscData.Raw(DiscData.Noise(203 * 2048, 6), 0, mode == "Mode1" ? 1 : 2);
        byte[] stored = DiscData.Cut(whole, begin, length);
        File.WriteAllBytes(folder["disc.bin"], stored);
        File.WriteAllText(folder["disc.cue"], $"FILE \"disc.bin\" BINARY\n  TRACK 01 {type}\n    INDEX 01 00:00:00\n");
        Chdman.Run(folder, "createcd -i disc.cue -o disc.chd");
        using FolderFiles files = new(folder.Path, "disc.chd");
        using DiskImage image = QemuImage.Open(files, "disc.chd");
        Assert.Equal(mode, image.Disc!.Tracks[0].Mode.ToString());
        Assert.Equal(stored, DiscData.Cut(Body(image.Disc, 1), begin, length));
    }

    // What is stored of it stands before sector 0 when the headers say so, or when there are none.
    [Theory]
    [InlineData("MODE1/2352", -20, -20)]
    [InlineData("MODE1/2352", 0, 0)]
    [InlineData("MODE1/2048", -20, -20)]
    public void A_stored_pregap_of_track_1_is_put_where_the_headers_say(string type, int header, int expected)
    {
        using TemporaryFolder folder = new();
        byte[] whole = Sectors(200, header);
        File.WriteAllBytes(folder["disc.bin"], type == "MODE1/2048" ? DiscData.Cut(whole, 16, 2048) : whole);
        File.WriteAllText(
            folder["disc.cue"],
            $"FILE \"disc.bin\" BINARY\n  TRACK 01 {type}\n    INDEX 00 00:00:00\n    INDEX 01 00:00:20\n");
        Chdman.Run(folder, "createcd -i disc.cue -o disc.chd");
        using FolderFiles files = new(folder.Path, "disc.chd");
        using DiskImage image = QemuImage.Open(files, "disc.chd");
        DiscTrack track = Assert.Single(image.Disc!.Tracks);
        Assert.Equal((expected, expected + 20, expected + 200), (track.PregapLba, track.StartLba, track.EndLba));
        Assert.Equal(DiscData.Cut(whole, 16, 2048)[(20 * 2048)..], image.Content.ReadBytes(0, 180 * 2048));
    }

    [Fact]
    public void A_gd_rom_has_its_second_area_where_it_belongs()
    {
        using TemporaryFolder folder = new();
        byte[] one = DiscData.Noise(300 * 2048, 1);
        byte[] two = DiscData.Sound(303, 2);
        byte[] three = Sectors(310, 45000);
        File.WriteAllBytes(folder["one.bin"], one);
        File.WriteAllBytes(folder["two.raw"], two);
        File.WriteAllBytes(folder["three.bin"], three);
        File.WriteAllText(
            folder["disc.gdi"],
            "3\n1 0 4 2048 one.bin 0\n2 450 0 2352 two.raw 0\n3 45000 4 2352 three.bin 0\n");
        Chdman.Run(folder, "createcd -i disc.gdi -o disc.chd -c cdzl");
        using FolderFiles files = new(folder.Path, "disc.chd");
        using DiskImage image = QemuImage.Open(files, "disc.chd");
        Disc disc = image.Disc!;
        Assert.Equal(DiscMedium.GdRom, disc.Medium);
        Assert.Equal([1, 1, 2], disc.Tracks.Select(track => track.Session));
        Assert.Equal([0L, 450L, 45000L], disc.Tracks.Select(track => track.StartLba));
        Assert.Equal([300L, 303L, 310L], disc.Tracks.Select(track => track.Length));
        Assert.Equal(one, DiscData.Cut(Body(disc, 1), 16, 2048));
        Assert.Equal(two, Body(disc, 2));
        Assert.Equal(three, Body(disc, 3));
    }

    // By hand: no program makes these any more.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Old_tables_of_tracks_are_read_in_both_byte_orders(bool isBigEndian)
    {
        byte[] data = Sectors(6, 0);
        byte[] sound = DiscData.Sound(5, 3);
        byte[] content =
        [
            .. DiscData.Join(data, 2352, new byte[6 * 96]), .. new byte[2 * Frame],
            .. DiscData.Join(Swap(sound), 2352, new byte[5 * 96]), .. new byte[3 * Frame],
        ];
        ByteWriter table = new(isBigEndian);
        table.U32(2).U32(1).U32(2).U32(2352).U32(0).U32(6).U32(2).U32(7).U32(2).U32(2352).U32(0).U32(5).U32(3);
        using HandMade made = HandMade.Of(
            null, ("disc.chd", Plain(content).Metadata("CHCD", table.PadTo(4 + (99 * 24)).ToArray()).Build()));
        Assert.Equal([0L, 6L], made.Disc.Tracks.Select(track => track.StartLba));
        Assert.Equal(data, made.Sectors(1));
        Assert.Equal(sound, made.Sectors(2));
    }

    [Fact]
    public void Old_gd_roms_have_their_sound_in_the_other_byte_order()
    {
        byte[] sound = DiscData.Sound(8, 3);
        using HandMade made = HandMade.Of(null, ("disc.chd", Plain(DiscData.Join(sound, 2352, new byte[8 * 96]))
            .Metadata("CHGT", "TRACK:1 TYPE:AUDIO SUBTYPE:NONE FRAMES:8 PAD:2 PREGAP:0 PGTYPE:MODE1 POSTGAP:0")
            .Build()));
        Assert.Equal(sound[..(6 * 2352)], made.Sectors(1));
    }

    [Fact]
    public void A_dvd_is_a_disc_of_one_track()
    {
        byte[] iso = DiscData.Iso();
        Array.Resize(ref iso, (iso.Length + 4095) / 4096 * 4096);
        ChdImage chd = new(4096, 2048, "zlib");
        foreach (byte[] hunk in iso.Chunk(4096))
        {
            chd.Stored(4, hunk, hunk);
        }

        using HandMade made = HandMade.Of(null, ("disc.chd", chd.Metadata("DVD ", string.Empty).Build()));
        Assert.Equal(DiscMedium.Dvd, made.Disc.Medium);
        Assert.Equal(iso, made.Content());
        Assert.Equal(DiscData.Noise(300_000, 300_000), made.ReadFile("data.bin"));
    }

    [Fact]
    public void Tracks_that_make_no_sense_are_refused()
    {
        byte[] content = new byte[8 * Frame];
        string Refuse(string text) => Assert.ThrowsAny<IOException>(() =>
            HandMade.Try("chd", ("disc.chd", Plain(content).Metadata("CHT2", text).Build()))).Message;
        Assert.Contains("ends behind its file", Refuse("TRACK:1 TYPE:AUDIO FRAMES:9"), StringComparison.Ordinal);
        Assert.Contains("FRAMES", Refuse("TRACK:1 TYPE:AUDIO FRAMES:-9"), StringComparison.Ordinal);
        Assert.Contains("FRAMES", Refuse("TRACK:1 TYPE:AUDIO"), StringComparison.Ordinal);
        Assert.Contains("track number 0", Refuse("TRACK:0 TYPE:AUDIO FRAMES:8"), StringComparison.Ordinal);
        Assert.Contains("'MODE3'", Refuse("TRACK:1 TYPE:MODE3 FRAMES:8"), StringComparison.Ordinal);
        Assert.Contains("there is no track", Refuse("TRACK:1 TYPE:AUDIO FRAMES:0"), StringComparison.Ordinal);
    }

    [Fact]
    public void Truncated_or_changed_bytes_end_in_success_or_a_named_error()
    {
        using TemporaryFolder folder = new();
        MakeMixed(folder);
        foreach (string codec in (string[])["cdzl", "cdlz", "cdfl"])
        {
            Chdman.Run(folder, $"createcd -f -i disc.cue -o disc.chd -c {codec}");
            HandMade.Damage("chd", ("disc.chd", File.ReadAllBytes(folder["disc.chd"])));
        }
    }

    // Data, and two tracks of sound: one with its pregap in the file, one without.
    private static (byte[] Data, byte[] First, byte[] Second) MakeMixed(TemporaryFolder folder)
    {
        byte[] data = Sectors(301, 0);
        byte[] first = Tones(353, 1);
        byte[] second = Tones(101, 2);
        File.WriteAllBytes(folder["data.bin"], data);
        File.WriteAllBytes(folder["first.bin"], first);
        File.WriteAllBytes(folder["second.bin"], second);
        File.WriteAllText(
            folder["disc.cue"],
            """
            FILE "data.bin" BINARY
              TRACK 01 MODE1/2352
                INDEX 01 00:00:00
            FILE "first.bin" BINARY
              TRACK 02 AUDIO
                INDEX 00 00:00:00
                INDEX 01 00:02:00
            FILE "second.bin" BINARY
              TRACK 03 AUDIO
                PREGAP 00:02:00
                INDEX 01 00:00:00

            """);
        return (data, first, second);
    }

    // Whole sectors with all codes.
    private static byte[] Sectors(int count, int lba)
    {
        byte[] noise = DiscData.Noise(count * 2048, lba + count);
        byte[] sectors = new byte[count * 2352];
        for (int i = 0; i < count; i++)
        {
            RawSector.Build(
                TrackMode.Mode1,
                SectorLayout.Data2048,
                lba + i,
                noise.AsSpan(i * 2048, 2048),
                sectors.AsSpan(i * 2352, 2352));
        }

        return sectors;
    }

    private static byte[] Tones(int sectors, int seed)
    {
        byte[] sound = new byte[sectors * 2352];
        Random random = new(seed);
        for (int i = 0; i < sound.Length; i += 4)
        {
            int left = (int)(9000 * Math.Sin(i * 0.01 * seed)) + random.Next(-9, 10);
            int right = (left / 2) + random.Next(-9, 10);
            BitConverter.TryWriteBytes(sound.AsSpan(i), (short)left);
            BitConverter.TryWriteBytes(sound.AsSpan(i + 2), (short)right);
        }

        return sound;
    }

    private static ChdImage Plain(byte[] content)
    {
        ChdImage chd = new(8 * Frame, Frame, "cdzl");
        foreach (byte[] hunk in content.Chunk(8 * Frame))
        {
            chd.Stored(4, hunk, hunk);
        }

        return chd;
    }

    private static byte[] Swap(byte[] sound) =>
        [.. sound.Chunk(2).SelectMany(pair => (byte[])[pair[1], pair[0]])];

    private static byte[] All(Disc disc)
    {
        using BlockSource stream = DiscStream.Open(disc);
        return stream.ReadBytes(0, (int)stream.Length);
    }

    private static byte[] Body(Disc disc, int track)
    {
        using BlockSource body = DiscStream.OpenBody(disc.FindTrack(track)!);
        return body.ReadBytes(0, (int)body.Length);
    }
}
