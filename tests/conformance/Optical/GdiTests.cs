using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Optical;

public sealed class GdiTests
{
    [Fact]
    public void The_sample_has_its_tracks_where_it_says()
    {
        using ImageSample sample = ImageSample.Open("gdi/igir/GD-ROM.gdi");
        Assert.Equal("gdi", sample.Image.Format.Id);
        Disc disc = sample.Image.Disc!;
        Assert.Equal(DiscMedium.GdRom, disc.Medium);
        Assert.Equal(
            [(1, 1, true, 0L, 1L), (2, 1, false, 756, 757), (3, 2, true, 45000, 45002), (4, 2, true, 158259, 158262)],
            disc.Tracks.Select(track => (track.Number, track.Session, track.IsData, track.StartLba, track.EndLba)));
        using BlockSource stream = DiscStream.Open(disc);
        byte[] expected =
        [
            .. Bytes("gdi/igir/track01.bin"), .. Bytes("gdi/igir/track02.raw"), .. Bytes("gdi/igir/track03.bin"),
            .. Bytes("gdi/igir/track04.bin"),
        ];
        Assert.Equal(expected, RawDisc.All(stream));
    }

    [Theory]
    [InlineData(2048)]
    [InlineData(2352)]
    public void The_volume_of_the_area_of_high_density_counts_from_the_beginning_of_the_disc(int length)
    {
        Requires.Tool("genisoimage");
        using TemporaryFolder folder = new();
        byte[] low = RawDisc.MakeIso(folder);
        Tool.Shell($$"""
            cd '{{folder.Path}}'
            mkdir one; seq 1 5000 > one/boot; echo 1 > empty
            truncate -s $((45000 * 2048)) whole; dd if=disc.iso of=whole conv=notrunc status=none
            genisoimage -quiet -R -C 0,45000 -M whole -o high.iso one
            rm whole
            """);
        byte[] high = File.ReadAllBytes(folder["high.iso"]);
        File.WriteAllBytes(folder["t1.bin"], RawDisc.Sectors(low));
        File.WriteAllBytes(folder["t 2.raw"], RawDisc.Sound(400, 2));
        byte[] raw = length == 2048 ? high : RawDisc.Sectors(high, firstLba: 45000);
        File.WriteAllBytes(folder["t3.bin"], [1, 2, 3, 4, .. raw]);
        File.WriteAllText(
            folder["a.gdi"],
            $"3\r\n1 0 4 2352 T1.BIN 0\r\n2     {low.Length / 2048} 0 2352 \"t 2.raw\" 0\r\n3 45000 4 {length} t3.bin "
            + "4\r\n");
        using FolderFiles files = new(folder.Path, "a.gdi");
        using DiskImage image = RawDisc.Open(files, "a.gdi");
        Assert.Equal("gdi", image.Format.Id);
        Assert.Empty(image.Warnings);
        using FileTree tree = Iso9660.IsoImage.Open(image.Content);
        Assert.Equal(File.ReadAllBytes(folder["one/boot"]), TreeWalk.ReadFile(tree, "boot"));
        Assert.Equal(File.ReadAllBytes(folder["tree/numbers.txt"]), TreeWalk.ReadFile(tree, "numbers.txt"));
        using BlockSource track = DiscVolume.OpenTrack(image.Disc!.Tracks[2]);
        Assert.Equal(high, RawDisc.All(track));
        Assert.Empty(OpticalCheck.Run(image).Problems);
    }

    [Theory]
    [InlineData("2\n1 0 4 2352 x.bin 0\n", "that 1 tracks follow")]
    [InlineData("1\n1 0 4 2353 x.bin 0\n", "sectors of 2353 bytes")]
    [InlineData("1\n1 0 4 2352 y.bin 0\n", "'y.bin' belongs to it")]
    [InlineData("1\n1 0 4 2352 x.bin 5000\n", "'x.bin' ends before")]
    [InlineData("2\n1 0 4 2352 x.bin 0\n2 0 4 2352 x.bin 0\n", "track 2 begins at sector 0")]
    public void Nonsense_is_refused_with_what_is_wrong(string text, string part)
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["x.bin"], new byte[4704]);
        File.WriteAllText(folder["a.gdi"], text);
        using FolderFiles files = new(folder.Path, "a.gdi");
        ImageFormatException error = Assert.Throws<ImageFormatException>(() => RawDisc.Open(files, "a.gdi"));
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    private static byte[] Bytes(string name) => File.ReadAllBytes(Samples.Get(name));
}
