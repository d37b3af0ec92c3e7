using Imaged.Blocks;
using Imaged.Formats;
using Imaged.Formats.Model;
using Imaged.Formats.Optical;
using Imaged.TestKit;
using Xunit;

namespace Imaged.Conformance.Optical;

/// <summary>Discs written in one format and read again: the readers are held to other programs elsewhere.</summary>
public sealed class DiscWriterTests
{
    [Theory]
    [InlineData("cue")]
    [InlineData("ccd")]
    [InlineData("toc")]
    [InlineData("nrg")]
    public void A_mixed_disc_is_the_same_again(string format)
    {
        using TemporaryFolder folder = new();
        using DiskImage image = MakeMixed(folder, sessions: 1);
        AssertSameAgain(image, format);
    }

    [Theory]
    [InlineData("cue")]
    [InlineData("ccd")]
    [InlineData("nrg")]
    public void A_disc_of_two_sessions_is_the_same_again(string format)
    {
        using TemporaryFolder folder = new();
        using DiskImage image = MakeMixed(folder, sessions: 2);
        AssertSameAgain(image, format);
    }

    [Fact]
    public void Subchannels_are_the_same_again()
    {
        using ImageSample sample = ImageSample.Open("ccd/ultraiso/01_ultraiso-9.6.6.3300.ccd");
        using TemporaryFolder copy = new();
        string first = Write(sample.Image, "ccd", copy);
        Assert.True(File.Exists(copy["copy.sub"]));
        using FolderFiles files = new(copy.Path, first);
        using DiskImage again = RawDisc.Open(files, first);
        using SubchannelStream before = new(sample.Image.Disc!);
        using SubchannelStream after = new(again.Disc!);
        Assert.Equal(RawDisc.All(before), RawDisc.All(after));
    }

    // Data, sound with a gap, an index 2 and a code; and another session with data.
    private static DiskImage MakeMixed(TemporaryFolder folder, int sessions)
    {
        byte[] iso = RawDisc.MakeIso(folder);
        int data = iso.Length / 2048;
        int end = data + 150 + 400;
        string At(int sector) => Formats.Optical.Sectors.Msf.Text(sector);
        byte[] second = sessions > 1 ? RawDisc.Sectors([.. new byte[150 * 2048], .. iso], firstLba: end + 11250) : [];
        File.WriteAllBytes(folder["a.bin"], [.. RawDisc.Sectors(iso), .. RawDisc.Sound(550, 3), .. second]);
        string later = sessions > 1
            ? $"REM SESSION 02\nTRACK 03 MODE1/2352\nINDEX 00 {At(end)}\nINDEX 01 {At(end + 150)}\n"
            : string.Empty;
        File.WriteAllText(folder["a.cue"], $"""
            CATALOG 1234567890123
            FILE a.bin BINARY
            REM SESSION 01
            TRACK 01 MODE1/2352
            INDEX 01 00:00:00
            TRACK 02 AUDIO
            ISRC DEMUA9800001
            FLAGS DCP PRE
            INDEX 00 {At(data)}
            INDEX 01 {At(data + 150)}
            INDEX 02 {At(data + 250)}
            {later}
            """);
        FolderFiles files = new(folder.Path, "a.cue");
        return RawDisc.Open(files, "a.cue");
    }

    private static void AssertSameAgain(DiskImage image, string format)
    {
        using TemporaryFolder copy = new();
        string first = Write(image, format, copy);
        using FolderFiles files = new(copy.Path, first);
        using DiskImage again = RawDisc.Open(files, first);
        Assert.Equal(format, again.Format.Id);
        Assert.Empty(again.Warnings);
        Assert.Equal(Shape(image.Disc!), Shape(again.Disc!));
        Assert.Equal(image.Disc!.CatalogNumber, again.Disc!.CatalogNumber);
        using BlockSource before = DiscStream.Open(image.Disc);
        using BlockSource after = DiscStream.Open(again.Disc);
        Assert.Equal(RawDisc.All(before), RawDisc.All(after));
        Assert.Equal(ImageSample.Sha256(image.Content), ImageSample.Sha256(again.Content));
    }

    private static string Write(DiskImage image, string format, TemporaryFolder folder)
    {
        WriterInput input = new(image.Content, image.Disc, null);
        WriterFile[] written = [.. ImageWriters.Find(format)!.Plan(input, "copy")];
        foreach (WriterFile file in written)
        {
            File.WriteAllBytes(folder["copy" + file.Extension], RawDisc.All(file.Content));
        }

        return "copy" + written[0].Extension;
    }

    private static string[] Shape(Disc disc) => [.. disc.Tracks.Select(track =>
        $"{track.Number} {track.Session} {track.Mode} {track.StartLba} {track.EndLba} {track.Control} {track.Isrc} "
        + string.Join(' ', track.FurtherIndexes))];
}
