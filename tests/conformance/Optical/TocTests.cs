using Imaged.Formats.Model;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Optical;

public sealed class TocContract : ImageContract
{
    protected override string Sample => "cue/poweriso/01_poweriso_bin.toc";

    protected override string Format => "toc";
}

public sealed class TocTests
{
    [Theory]
    [InlineData("cue/poweriso/01_poweriso_bin.toc", "66a33efdc7b70e91e063037f18809447dbe432caae169c5b8551540a3bc2e137")]
    [InlineData("cue/libcdio-mode1/isofs-m1.toc", "03043ff0b8a634bd4bc709cfdfc5ccfa7e0af72403ecf0484fe456cbfa4299bf")]
    public void Data_is_what_iat_finds(string name, string sha256)
    {
        using ImageSample sample = ImageSample.Open(name);
        Assert.Equal("toc", sample.Image.Format.Id);
        Assert.Empty(sample.Image.Warnings);
        Assert.Equal(sha256, ImageSample.Sha256(sample.Disk));
    }

    // Addresses as cdrdao shows them (show-toc): its sector 0 is the first one. What data tracks of silence and of FILE
    // are is only to be had from cd-info, as cdrdao has sound alone for these statements.
    [Theory]
    [InlineData("cue/libcdio-audio/cdda.toc", "1 audio 0 0 25")]
    [InlineData("cue/libcdio-mode1/isofs-m1.toc", "1 data 0 0 302")]
    [InlineData("toc/libcdio/t1.toc", "1 audio 0 0 74")]
    [InlineData("toc/libcdio/data1.toc", "1 data 0 0 4499")]
    [InlineData("toc/libcdio/cdtext.toc", "1 audio 0 0 4500")]
    public void Tracks_are_where_cdrdao_shows_them(string name, string expected)
    {
        using ImageSample sample = ImageSample.Open(name);
        Assert.Equal(expected, Describe(sample.Image.Disc!));
    }

    [Fact]
    public void Words_are_read()
    {
        using ImageSample sample = ImageSample.Open("toc/libcdio/cdtext.toc");
        Assert.Equal(new("CD Title", "Performer", null), sample.Image.Disc!.Text);
        Assert.Equal(new("Track Title", "Performer", null), sample.Image.Disc.Tracks[0].Text);
    }

    [Theory]
    [InlineData("toc/bad/bad-cat1.toc", "CATALOG is to be followed by a string")]
    [InlineData("toc/bad/bad-cat2.toc", "CATALOG is to be followed by a string")]
    [InlineData("toc/bad/bad-cat3.toc", "catalogue number")]
    [InlineData("toc/bad/bad-file.toc", "'foo.bin' belongs to it")]
    [InlineData("toc/bad/bad-mode1.toc", "the mode 'MODE1_FORM45'")]
    [InlineData("toc/bad/bad-msf-1.toc", "the time '0:0:75'")]
    [InlineData("toc/bad/bad-msf-2.toc", "the time '0:60:0'")]
    [InlineData("toc/libcdio/t2.toc", "'cdda.bin' belongs to it")]
    [InlineData("toc/libcdio/t3.toc", "'cdda.bin' belongs to it")]
    [InlineData("toc/libcdio/t4.toc", "'cdda.bin' belongs to it")]
    [InlineData("toc/libcdio/t5.toc", "'cdda.bin' belongs to it")]
    [InlineData("toc/libcdio/t6.toc", "'cdda.bin' belongs to it")]
    [InlineData("toc/libcdio/t7.toc", "'cdda.bin' belongs to it")]
    [InlineData("toc/libcdio/t8.toc", "'cdda.bin' belongs to it")]
    [InlineData("toc/libcdio/t9.toc", "'cdda.bin' belongs to it")]
    [InlineData("toc/libcdio/t10.toc", "'cdda.bin' belongs to it")]
    [InlineData("toc/libcdio/data2.toc", "'isofs-m1.bin' belongs to it")]
    [InlineData("toc/libcdio/data5.toc", "'isofs-m1.bin' belongs to it")]
    [InlineData("toc/libcdio/vcd2.toc", "'cdda.bin' belongs to it")]
    public void Malformed_tables_and_those_without_their_files_are_refused(string name, string part)
    {
        ImageFormatException error = Assert.Throws<ImageFormatException>(() => ImageSample.Open(name));
        Assert.Equal("toc", error.Format);
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    // With a file that is long enough the samples of libcdio are what cdrdao shows.
    [Theory]
    [InlineData("toc/libcdio/t2.toc")]
    [InlineData("toc/libcdio/t4.toc")]
    [InlineData("toc/libcdio/t5.toc")]
    [InlineData("toc/libcdio/t6.toc")]
    [InlineData("toc/libcdio/t7.toc")]
    [InlineData("toc/libcdio/t9.toc")]
    [InlineData("toc/libcdio/t10.toc")]
    [InlineData("toc/libcdio/cdtext.toc")]
    public void Tables_over_a_long_file_are_read_as_cdrdao_reads_them(string name)
    {
        Requires.Tool("cdrdao");
        using TemporaryFolder folder = new();
        File.Copy(Samples.Get(name), folder["a.toc"]);
        using (FileStream sound = File.Create(folder["cdda.bin"]))
        {
            sound.SetLength(3L * 60 * 75 * 2352);
        }

        using FolderFiles files = new(folder.Path, "a.toc");
        using DiskImage image = RawDisc.Open(files, "a.toc");
        Assert.Equal(ShownByCdrdao(folder), Describe(image.Disc!));
    }

    [Fact]
    public void Tracks_of_parts_are_the_disc_that_cdrdao_and_toc2cue_see()
    {
        Requires.Tool("cdrdao", "toc2cue", "bchunk");
        using TemporaryFolder folder = new();
        byte[] iso = RawDisc.MakeIso(folder);
        byte[] sound = RawDisc.Sound(500, 7);
        File.WriteAllBytes(folder["disc.bin"], [.. RawDisc.Sectors(iso), .. sound]);
        string data = Formats.Optical.Sectors.Msf.Text(iso.Length / 2048);
        long begin = iso.Length / 2048 * 2352L;
        File.WriteAllText(folder["a.toc"], $$"""
            CD_ROM  // with sound
            CATALOG "1234567890123"
            CD_TEXT { LANGUAGE_MAP { 0 : EN } LANGUAGE 0 { TITLE "A \"disc\" \\ \303" } }
            TRACK MODE1_RAW
            COPY
            DATAFILE "disc.bin" {{data}}
            TRACK AUDIO
            NO COPY PRE_EMPHASIS
            ISRC "DEMUA9800001"
            PREGAP 0:2:0
            FILE "disc.bin" SWAP #{{begin}} 0 0:4:0
            INDEX 0:1:0
            INDEX 0:2:3
            TRACK AUDIO
            SILENCE 0:1:0
            FILE "disc.bin" SWAP #{{begin}} 176400 0:2:0
            START 0:1:10
            """);
        using FolderFiles files = new(folder.Path, "a.toc");
        using DiskImage image = RawDisc.Open(files, "a.toc");
        Disc disc = image.Disc!;
        Assert.Equal(ShownByCdrdao(folder), Describe(disc));
        Assert.Equal(iso, RawDisc.All(image.Content));
        Assert.Equal("1234567890123", disc.CatalogNumber);
        Assert.Equal("A \"disc\" \\ \u00c3", disc.Text.Title);
        Assert.Equal("DEMUA9800001", disc.Tracks[1].Isrc);
        Assert.Equal([6, 1, 0], disc.Tracks.Select(track => track.Control));
        Assert.Equal([75L, 153], disc.Tracks[1].FurtherIndexes.Select(index => index - disc.Tracks[1].StartLba));
        using Formats.Optical.Tree.DiscTree tree = new(disc);
        byte[] stream = TreeWalk.ReadFile(tree, "disc.bin");
        byte[] expected =
        [
            .. RawDisc.Sectors(iso), .. new byte[150 * 2352], .. sound[..(300 * 2352)], .. new byte[75 * 2352],
            .. sound[(300 * 2352)..(450 * 2352)],
        ];
        Assert.Equal(expected, stream);
    }

    [Fact]
    public void Sound_of_files_has_the_high_byte_first_unless_it_is_wave_or_swapped()
    {
        Requires.Tool("bchunk");
        using TemporaryFolder folder = new();
        byte[] sound = RawDisc.Sound(100, 7);
        byte[] big = new byte[sound.Length];
        for (int i = 0; i < sound.Length; i++)
        {
            big[i ^ 1] = sound[i];
        }

        File.WriteAllBytes(folder["big.raw"], big);
        File.WriteAllBytes(folder["one.bin"], sound);
        File.WriteAllText(folder["one.cue"], "FILE \"one.bin\" BINARY\n TRACK 01 AUDIO\n  INDEX 01 00:00:00\n");
        Tool.Shell($"cd '{folder.Path}'; bchunk -w one.bin one.cue wave > log; mv wave01.wav wave.wav");
        File.WriteAllText(folder["a.toc"], """
            CD_DA
            TRACK AUDIO
            FILE "big.raw" 0
            TRACK AUDIO
            AUDIOFILE "one.bin" SWAP 0 0
            TRACK AUDIO
            FILE "wave.wav" 0
            TRACK AUDIO
            SILENCE 100
            FILE "one.bin" SWAP 0 588
            """);
        using FolderFiles files = new(folder.Path, "a.toc");
        using DiskImage image = RawDisc.Open(files, "a.toc");
        byte[] last = new byte[2 * 2352];
        sound.AsSpan(0, 2352).CopyTo(last.AsSpan(400));
        Assert.Equal([.. sound, .. sound, .. sound, .. last], RawDisc.All(image.Content));
    }

    [Theory]
    [InlineData("TRACK AUDIO\nFILE \"x.mp3\" 0", "MP3 sound")]
    [InlineData("TRACK AUDIO\nFIFO \"x\" 1:0:0", "FIFO")]
    [InlineData("TRACK MODE0\nZERO 1:0:0", "mode 0")]
    [InlineData("TRACK AUDIO\nFILE \"-\" 0", "standard input")]
    public void What_is_not_supported_is_named(string text, string part)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["x.mp3"], "ID3" + new string('x', 5000));
        File.WriteAllText(folder["a.toc"], text + "\n");
        using FolderFiles files = new(folder.Path, "a.toc");
        UnsupportedFeatureException error =
            Assert.Throws<UnsupportedFeatureException>(() => RawDisc.Open(files, "a.toc"));
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    // Number, kind, pregap, index 1 and end of each track.
    private static string Describe(Disc disc) => string.Join(", ", disc.Tracks.Select(track => string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"{track.Number} {(track.IsData ? "data" : "audio")} {track.PregapLba} {track.StartLba} {track.EndLba}")));

    private static long Number(string text) => long.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

    private static string ShownByCdrdao(TemporaryFolder folder)
    {
        ToolResult shown = Tool.Run("bash", "-c", $"cd '{folder.Path}' && cdrdao show-toc -v 2 a.toc 2>&1");
        List<string> tracks = [];
        string head = string.Empty;
        long pregap = 0;
        long start = 0;
        foreach (string line in shown.Text.Split('\n'))
        {
            string[] words = line.Split([' ', '(', ')'], StringSplitOptions.RemoveEmptyEntries);
            switch (words)
            {
                case ["TRACK", var number, "Mode", var mode, ..]:
                    head = $"{number} {(mode.StartsWith("AUDIO", StringComparison.Ordinal) ? "audio" : "data")}";
                    pregap = 0;
                    break;
                case ["PREGAP", _, var length, ..]:
                    pregap = Number(length);
                    break;
                case ["START", _, var lba, ..]:
                    start = Number(lba);
                    break;
                case ["END", _, var end, ..]:
                    tracks.Add($"{head} {start - pregap} {start} {Number(end)}");
                    break;
            }
        }

        return string.Join(", ", tracks);
    }
}
