using System.Text;
using Imaged.Formats.Model;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Optical;

/// <summary>Cue sheets over files that other programs make or take apart.</summary>
public sealed class CueTests
{
    private const int Track2 = 170;
    private const int Track3 = 333;

    [Fact]
    public void One_file_with_data_and_sound_is_taken_apart_as_bchunk_does()
    {
        Requires.Tool("bchunk");
        using TemporaryFolder folder = new();
        byte[] iso = MakeMixed(folder);
        Tool.Shell($"cd '{folder.Path}'; bchunk -w disc.bin disc.cue out > log");
        using FolderFiles files = new(folder.Path, "disc.cue");
        using DiskImage image = RawDisc.Open(files, "disc.cue");
        Assert.Empty(image.Warnings);
        Assert.Equal(iso, RawDisc.All(image.Content));
        using Formats.Optical.Tree.DiscTree tree = new(image.Disc!);
        Assert.Equal(File.ReadAllBytes(folder["out01.iso"]), TreeWalk.ReadFile(tree, "track01.iso"));
        Assert.Equal(File.ReadAllBytes(folder["out02.wav"]), TreeWalk.ReadFile(tree, "track02.wav"));
        Assert.Equal(File.ReadAllBytes(folder["out03.wav"]), TreeWalk.ReadFile(tree, "track03.wav"));
        Assert.Equal(CdInfo.Run(folder["disc.cue"], "--cue-file"), CdInfo.Describe(image.Disc!));
        Assert.Equal(File.ReadAllBytes(folder["disc.bin"]), TreeWalk.ReadFile(tree, "disc.bin"));
    }

    [Fact]
    public void Iso_and_wave_files_are_the_same_disc()
    {
        Requires.Tool("bchunk");
        using TemporaryFolder folder = new();
        MakeMixed(folder);
        Tool.Shell($"cd '{folder.Path}'; bchunk -w disc.bin disc.cue out > log");
        File.WriteAllText(folder["parts.cue"], """
            FILE "out01.iso" BINARY
              TRACK 01 MODE1/2048
                INDEX 01 00:00:00
            FILE "out02.wav" WAVE
              TRACK 02 AUDIO
                PREGAP 00:02:00
                INDEX 01 00:00:00
            FILE "out03.wav" WAVE
              TRACK 03 AUDIO
                INDEX 01 00:00:00
            """);
        using FolderFiles files = new(folder.Path, "parts.cue");
        using DiskImage image = RawDisc.Open(files, "parts.cue");
        Assert.Empty(image.Warnings);
        using Formats.Optical.Tree.DiscTree tree = new(image.Disc!);
        byte[] stream = TreeWalk.ReadFile(tree, "disc.bin");
        byte[] expected = File.ReadAllBytes(folder["disc.bin"]);
        int gap = (int)image.Disc!.Tracks[1].PregapLba * 2352;
        expected.AsSpan(gap, 150 * 2352).Clear();
        Assert.Equal(expected, stream);
    }

    [Theory]
    [InlineData("MOTOROLA")]
    [InlineData("AIFF")]
    [InlineData("AIFC")]
    public void Sound_with_the_high_byte_first_is_turned(string type)
    {
        Requires.Tool("python3", "dd");
        bool hasModule = Tool.TryRun("python3", "-W", "ignore", "-c", "import aifc").ExitCode == 0;
        Assert.SkipUnless(type == "MOTOROLA" || hasModule, "needs aifc, which newer versions of python3 do not have");
        using TemporaryFolder folder = new();
        byte[] sound = RawDisc.Sound(20, 4);
        File.WriteAllBytes(folder["little"], sound);
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            dd if=little of=big conv=swab status=none
            if [ {{type}} = MOTOROLA ]; then mv big sound; exit; fi
            python3 -W ignore - <<'END'
            import aifc
            w = aifc.open('sound.{{type.ToLowerInvariant()}}', 'wb')
            w.setnchannels(2); w.setsampwidth(2); w.setframerate(44100)
            w.writeframes(open('big', 'rb').read()); w.close()
            END
            mv sound.* sound
            """);
        string word = type == "AIFC" ? "AIFF" : type;
        File.WriteAllText(folder["a.cue"], $"FILE sound {word}\rTRACK 1 AUDIO\rINDEX 01 00:00:00\r");
        using FolderFiles files = new(folder.Path, "a.cue");
        using DiskImage image = RawDisc.Open(files, "a.cue");
        Assert.Equal(sound, RawDisc.All(image.Content));
        Assert.Empty(image.Warnings);
    }

    [Fact]
    public void Gap_in_the_file_before_belongs_to_the_track_behind()
    {
        using TemporaryFolder folder = new();
        byte[] first = RawDisc.Sound(300, 1);
        byte[] second = RawDisc.Sound(200, 2);
        File.WriteAllBytes(folder["a.bin"], first);
        File.WriteAllBytes(folder["b.bin"], second);
        using DiskImage image = Open(folder, """
            FILE "C:\music\a.bin" BINARY
              TRACK 01 AUDIO
                INDEX 01 00:00:32
              TRACK 02 AUDIO
                INDEX 00 00:02:00
            FILE "b.bin" BINARY
                INDEX 01 00:00:00
                INDEX 02 00:01:00
                POSTGAP 00:00:10
            """);
        Assert.Equal(
            [(0L, 32L, 150L), (150, 300, 510)],
            image.Disc!.Tracks.Select(track => (track.PregapLba, track.StartLba, track.EndLba)));
        Assert.Equal([375L], image.Disc.Tracks[1].FurtherIndexes.AsEnumerable());
        Assert.Equal([.. first, .. second, .. new byte[10 * 2352]], RawDisc.All(image.Content));
    }

    [Fact]
    public void Wrong_modes_are_corrected_by_what_the_sectors_are()
    {
        using TemporaryFolder folder = new();
        byte[] iso = RawDisc.MakeIso(folder);
        byte[] sound = RawDisc.Sound(200, 9);
        foreach ((TrackMode real, string told) in new[]
        {
            (TrackMode.Mode2, "MODE1/2352"),
            (TrackMode.Mode1, "MODE2/2352"),
            (TrackMode.Mode1, "AUDIO"),
            (TrackMode.Mode1, "MODE1/2048"),
        })
        {
            File.WriteAllBytes(folder["x.bin"], RawDisc.Sectors(iso, real));
            using DiskImage image = Open(folder, $"FILE x.bin BINARY\nTRACK 01 {told}\nINDEX 01 00:00:00\n");
            Assert.Equal(real, image.Disc!.Tracks[0].Mode);
            Assert.Equal(iso, RawDisc.All(image.Content));
            Assert.Single(image.Warnings);

            File.WriteAllBytes(folder["x.bin"], [.. RawDisc.Sectors(iso, real), .. sound]);
            string second = Formats.Optical.Sectors.Msf.Text(iso.Length / 2048);
            using DiskImage mixed = Open(
                folder, $"FILE x.bin BINARY\nTRACK 01 {told}\nINDEX 01 00:00:00\nTRACK 02 AUDIO\nINDEX 01 {second}\n");
            Assert.Equal([real, TrackMode.Audio], mixed.Disc!.Tracks.Select(track => track.Mode));
            Assert.Equal(iso, RawDisc.All(mixed.Content));
        }
    }

    [Fact]
    public void The_pregap_of_track_1_may_be_in_the_file()
    {
        using TemporaryFolder folder = new();
        byte[] iso = RawDisc.MakeIso(folder);
        File.WriteAllBytes(
            folder["x.bin"], [.. RawDisc.Sectors(new byte[150 * 2048], firstLba: -150), .. RawDisc.Sectors(iso)]);
        using DiskImage image = Open(
            folder, "FILE x.bin BINARY\nTRACK 01 MODE1/2352\nINDEX 00 00:00:00\nINDEX 01 00:02:00\n");
        Assert.Equal((-150L, 0L), (image.Disc!.Tracks[0].PregapLba, image.Disc.Tracks[0].StartLba));
        Assert.Equal(iso, RawDisc.All(image.Content));
    }

    [Theory]
    [InlineData("utf-8", "Prüfung.bin")]
    [InlineData("utf-8-bom", "Prüfung.bin")]
    [InlineData("utf-16", "Prüfung.bin")]
    [InlineData("utf-16be", "試験.bin")]
    [InlineData("latin1", "Prüfung.bin")]
    [InlineData("shift-jis", "試験.bin")]
    public void Names_in_any_encoding_find_their_file(string encoding, string name)
    {
        Requires.Tool("iconv");
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder[name], RawDisc.Sound(10, 1));
        File.WriteAllBytes(folder["other.bin"], RawDisc.Sound(10, 1));
        string text = $"\tfile \"{name}\"   binary\r\n\r\n track 01 audio\r\n  index 01 00:00:00  \r\n";
        File.WriteAllBytes(folder["plain"], Encoding.UTF8.GetBytes(text));
        if (encoding == "utf-8-bom")
        {
            File.WriteAllBytes(folder["a.cue"], [0xef, 0xbb, 0xbf, .. Encoding.UTF8.GetBytes(text)]);
        }
        else
        {
            string bom = encoding == "utf-16be" ? "printf '\\xfe\\xff' > a.cue;" : "true > a.cue;";
            Tool.Shell($"cd '{folder.Path}'; {bom} iconv -f utf-8 -t {encoding} plain >> a.cue");
        }

        using FolderFiles files = new(folder.Path, "a.cue");
        using DiskImage image = RawDisc.Open(files, "a.cue");
        Assert.Equal(10, image.Disc!.Tracks[0].Length);
        Assert.Empty(image.Warnings);
    }

    [Theory]
    [InlineData("FLAC", "flac", "fLaC")]
    [InlineData("MP3", "mp3", "ID3")]
    [InlineData("WAVE", "ape", "MAC ")]
    [InlineData("WAVE", "wav", "fLaC")]
    [InlineData("BINARY", "wv", "wvpk")]
    public void Compressed_sound_is_named(string type, string extension, string magic)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder[$"a.{extension}"], magic + new string('x', 5000));
        string named = type == "WAVE" ? "a.wav" : $"a.{extension}";
        UnsupportedFeatureException error = Assert.Throws<UnsupportedFeatureException>(
            () => Open(folder, $"FILE \"{named}\" {type}\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n"));
        Assert.Contains($"sound ('a.{extension}')", error.Feature, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("FILE a.cue BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00", "'a.cue'")]
    [InlineData("FILE /etc/passwd BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00", "'passwd' belongs to it")]
    [InlineData("FILE x.bin BINARY\nTRACK 01 AUDIO\nINDEX 00 00:00:00", "has no index 1")]
    [InlineData("FILE x.bin BINARY\nTRACK 01 AUDIO\nINDEX 02 00:00:00", "out of order")]
    [InlineData("FILE x.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:01:00\nINDEX 02 00:00:00", "begins before")]
    [InlineData(
        "FILE x.bin BINARY\nTRACK 02 AUDIO\nINDEX 01 00:00:00\nTRACK 01 AUDIO\nINDEX 01 00:00:00", "track '01'")]
    [InlineData("FILE x.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 01:00:00", "an index of track 1")]
    [InlineData("FILE x.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\nTRACK 02 AUDIO\nINDEX 01 01:00:00", "needs")]
    [InlineData("FILE x.bin BINARY\nTRACK 01 AUDIO\nINDEX 01 00:00:00\nREM SESSION 0", "session '0'")]
    public void Nonsense_is_refused_with_what_is_wrong(string text, string part)
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["x.bin"], RawDisc.Sound(100, 3));
        File.WriteAllBytes(folder["y.bin"], RawDisc.Sound(100, 3));
        ImageFormatException error = Assert.Throws<ImageFormatException>(() => Open(folder, text + "\n"));
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_data_file_is_opened_alone_when_its_sheet_is_of_no_use()
    {
        using TemporaryFolder folder = new();
        byte[] iso = RawDisc.MakeIso(folder);
        File.WriteAllBytes(folder["x.bin"], RawDisc.Sectors(iso));
        File.WriteAllText(folder["X.CUE"], "FILE x.bin BINARY\nTRACK 01 MODE1/2352\nINDEX 01 99:00:00\n");
        using (FolderFiles files = new(folder.Path, "x.bin"))
        {
            using DiskImage image = RawDisc.Open(files, "x.bin");
            Assert.Equal("bin", image.Format.Id);
            Assert.Equal(iso, RawDisc.All(image.Content));
            Assert.Contains("'X.CUE' beside it", Assert.Single(image.Warnings), StringComparison.Ordinal);
        }

        // One that describes another file does not matter.
        File.WriteAllText(folder["X.CUE"], "FILE disc.iso BINARY\nTRACK 01 MODE1/2048\nINDEX 01 00:00:00\n");
        using (FolderFiles files = new(folder.Path, "x.bin"))
        {
            using DiskImage image = RawDisc.Open(files, "x.bin");
            Assert.Equal("bin", image.Format.Id);
            Assert.Empty(image.Warnings);
        }
    }

    /// <summary>Writes <c>disc.bin</c> and <c>disc.cue</c>: data, then two tracks of sound, the first with a
    /// pregap.</summary>
    private static byte[] MakeMixed(TemporaryFolder folder)
    {
        byte[] iso = RawDisc.MakeIso(folder);
        int data = iso.Length / 2048;
        File.WriteAllBytes(folder["disc.bin"], [.. RawDisc.Sectors(iso), .. RawDisc.Sound(Track2 + Track3 + 150, 1)]);
        string At(int sector) => Formats.Optical.Sectors.Msf.Text(sector);

        // bchunk takes everything up to the next index 1 as the track, so the gap is made one of track 1.
        File.WriteAllText(folder["disc.cue"], $"""
            FILE "disc.bin" BINARY
              TRACK 01 MODE1/2352
                INDEX 01 00:00:00
              TRACK 02 AUDIO
                INDEX 00 {At(data)}
                INDEX 01 {At(data + 150)}
              TRACK 03 AUDIO
                INDEX 01 {At(data + 150 + Track2)}

            """);
        return iso;
    }

    private static DiskImage Open(TemporaryFolder folder, string sheet)
    {
        File.WriteAllText(folder["a.cue"], sheet);
        FolderFiles files = new(folder.Path, "a.cue");
        return RawDisc.Open(files, "a.cue");
    }
}
