using Imaged.Blocks;
using Imaged.Conformance.Discs;
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
        using TemporaryFolder folder = new();
        VideoDisc.Make(folder);
        Tool.Shell($"cd '{folder.Path}'; vcdxbuild -q -i nrg -o nrg=v.nrg v.xml > log 2>&1");
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
}
