using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Nrg;

/// <summary>Images that other programs wrote.</summary>
public sealed class NrgSampleTests : ImageContract
{
    protected override string Sample => "nrg/nerolinux4.nrg.xz";

    protected override string Format => "nrg";

    [Fact]
    public void Nero_Linux_wrote_the_volume_that_iat_extracts()
    {
        using ImageSample sample = ImageSample.Open(Sample);
        Assert.Equal(3198976, sample.Disk.Length);
        Assert.Equal(
            "66a33efdc7b70e91e063037f18809447dbe432caae169c5b8551540a3bc2e137", ImageSample.Sha256(sample.Disk));
    }

    // The table of contents, the words and the lengths are those that cd-info shows; a sector's place in the file
    // follows from them, as the file has all sectors one behind the other from the pregap of track 1 on.
    [Fact]
    public void Two_sound_tracks_with_words_are_as_cd_info_shows_them()
    {
        using ImageSample sample = ImageSample.Open("nrg/libcdio-p1.nrg.xz");
        Disc disc = sample.Image.Disc!;
        Assert.Equal([(1, 150L, 225L), (2, 300L, 302L)], disc.Tracks.Select(t => (t.Number, t.StartLba, t.EndLba)));
        Assert.Equal([-150L, 225L], disc.Tracks.Select(track => track.PregapLba));
        Assert.All(disc.Tracks, track => Assert.Equal((TrackMode.Audio, 2), (track.Mode, track.Control)));
        Assert.Equal(new DiscText("Join us now we have the software", "Richard Stallman", null), disc.Text);
        Assert.Empty(sample.Image.Warnings);
        using BlockSource stream = DiscStream.Open(disc);
        using SampleFiles files = new("nrg/libcdio-p1.nrg.xz");
        Assert.Equal(files.First.ReadBytes(150 * 2352, 302 * 2352), stream.ReadBytes(0, (int)stream.Length));
        Assert.Equal(302 * 2352, stream.Length);
    }

    [Fact]
    public void A_video_cd_of_vcdxbuild_is_the_same_as_with_a_cue_sheet()
    {
        Requires.Tool("vcdxgen", "vcdxbuild");
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["a.mpg"], Movie(300));
        Tool.Shell($"""
            cd '{folder.Path}'
            vcdxgen -q -o v.xml a.mpg > log 2>&1
            vcdxbuild -q -i nrg -o nrg=v.nrg v.xml > log 2>&1
            vcdxbuild -q -i bincue -b v.bin -c v.cue v.xml > log 2>&1
            """);
        using FolderFiles files = new(folder.Path, "v.nrg");
        using DiskImage image =
            Formats.ImageFormats.Open(new(files.First, "v.nrg", files, new BlockCache(1 << 20)), null);
        Assert.Equal("nrg", image.Format.Id);
        Assert.Equal([0L, 450L], image.Disc!.Tracks.Select(track => track.StartLba));
        Assert.Contains("INDEX 01 00:06:00", File.ReadAllText(folder["v.cue"]), StringComparison.Ordinal);
        byte[] expected = File.ReadAllBytes(folder["v.bin"]);
        foreach (DiscTrack track in image.Disc.Tracks)
        {
            using BlockSource body = DiscStream.OpenBody(track);
            int from = (int)track.StartLba * 2352;
            Assert.Equal(expected[from..(from + (int)body.Length)], body.ReadBytes(0, (int)body.Length));
        }
    }

    // A stream of packs as ISO 11172-1 has them: enough of one for vcdxgen.
    private static byte[] Movie(int packs)
    {
        List<byte> movie = [];
        for (int i = 0; i < packs; i++)
        {
            long clock = i * 1200;
            List<byte> body = [.. Time(0x21, clock + 9000)];
            if (i == 0)
            {
                body.AddRange([0, 0, 1, 0xb3, 0x16, 0x01, 0x20, 0x83, 0x02, 0xce, 0xe0, 0x00]);
            }

            body.AddRange([0, 0, 1, 0xb8, 0, 8, 0, 0x40, 0, 0, 1, 0, 0, 8, 0xff, 0xff, 0xf8, 0, 0, 1, 1, 0x13, 0xf8]);
            int length = 2324 - 12 - 6;
            while (body.Count < length)
            {
                body.Add((byte)(1 + (body.Count % 200)));
            }

            movie.AddRange([0, 0, 1, 0xba, .. Time(0x21, clock), 0x80, 3528 >> 7, ((3528 << 1) & 0xfe) | 1]);
            movie.AddRange([0, 0, 1, 0xe0, (byte)(length >> 8), (byte)length, .. body]);
        }

        movie.RemoveRange(movie.Count - 4, 4);
        movie.AddRange([0, 0, 1, 0xb9]);
        return [.. movie];
    }

    private static byte[] Time(int flags, long clock) =>
    [
        (byte)(flags | (int)((clock >> 29) & 0xe)), (byte)(clock >> 22), (byte)((clock >> 14) | 1), (byte)(clock >> 7),
        (byte)((clock << 1) | 1),
    ];
}
