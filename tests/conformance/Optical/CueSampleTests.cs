using Imaged.Formats.Model;
using Imaged.Formats.Optical.Sectors;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Optical;

public sealed class CueContract : ImageContract
{
    protected override string Sample => "cue/libcdio-mode1/isofs-m1.cue";

    protected override string Format => "cue";
}

public sealed class CueSoundContract : ImageContract
{
    protected override string Sample => "cue/libcdio-audio/cdda.cue";

    protected override string Format => "cue";
}

public sealed class CueSampleTests
{
    [Theory]
    [InlineData("cue/libcdio-mode1/isofs-m1.cue", "03043ff0b8a634bd4bc709cfdfc5ccfa7e0af72403ecf0484fe456cbfa4299bf")]
    [InlineData("cue/poweriso/01_poweriso_bin.cue", "66a33efdc7b70e91e063037f18809447dbe432caae169c5b8551540a3bc2e137")]
    [InlineData("cue/winiso/defaultArchive.cue", "18eb071a7eae653100d31dbedc3283dbddae814d036ac8a57024799b3adbf38f")]
    public void Data_is_what_iat_finds(string name, string sha256)
    {
        using ImageSample sample = ImageSample.Open(name);
        Assert.Equal("cue", sample.Image.Format.Id);
        Assert.Equal(sha256, ImageSample.Sha256(sample.Disk));
        Assert.Empty(OpticalCheck.Run(sample.Image).Problems);
    }

    // Tracks as cd-info lists them: number, address of index 1, kind; the lead-out as number 170.
    [Theory]
    [InlineData("cue/libcdio-audio/cdda.cue", "1 00:02:00 audio, 170 00:06:02 leadout")]
    [InlineData("cue/libcdio-mode1/isofs-m1.cue", "1 00:02:00 data, 170 00:06:02 leadout")]
    [InlineData("cue/libcdio-p1/p1.cue", "1 00:03:00 audio, 2 00:05:00 audio, 170 00:06:02 leadout")]
    [InlineData("cue/poweriso/01_poweriso_bin.cue", "1 00:02:00 data, 170 00:22:62 leadout")]
    [InlineData("cue/winiso/defaultArchive.cue", "1 00:02:00 data, 170 00:02:68 leadout")]
    public void Tracks_are_where_cd_info_finds_them(string name, string expected)
    {
        using ImageSample sample = ImageSample.Open(name);
        Assert.Equal(expected, CdInfo.Describe(sample.Image.Disc!));
    }

    [Theory]
    [InlineData("cue/bad/bad-cat1.cue", "catalogue number")]
    [InlineData("cue/bad/bad-cat2.cue", "catalogue number")]
    [InlineData("cue/bad/bad-cat3.cue", "catalogue number")]
    [InlineData("cue/bad/bad-mode1.cue", "the mode 'MODE3_FORM1'")]
    [InlineData("cue/bad/bad-msf-1.cue", "the time '00:00:100'")]
    [InlineData("cue/bad/bad-msf-2.cue", "the time '00:90:00'")]
    [InlineData("cue/bad/bad-msf-3.cue", "the time 'xx:yy:0'")]
    [InlineData("cue/igir-multibin/CD-ROM.cue", "an index of track 2")]
    public void Malformed_sheets_are_refused_with_what_is_wrong(string name, string part)
    {
        ImageFormatException error = Assert.Throws<ImageFormatException>(() => ImageSample.Open(name));
        Assert.Equal("cue", error.Format);
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Words_and_numbers_of_a_sheet_are_kept()
    {
        using ImageSample sample = ImageSample.Open("cue/libcdio-audio/cdda.cue");
        Disc disc = sample.Image.Disc!;
        Assert.Equal("0000010271955", disc.CatalogNumber);
        Assert.Equal(new("Join us now we have the software", "Richard Stallman", null), disc.Text);
        DiscTrack track = Assert.Single(disc.Tracks);
        Assert.Equal(new("Soft", "Richard S", null), track.Text);
        Assert.Equal(2, track.Control);
        Assert.Equal(
            "b022bef9d5e7797a4f327f490cc69d415c0502a11a4ea87a39fc3734326f6b4c", ImageSample.Sha256(sample.Disk));
    }

    [Theory]
    [InlineData("cue/libcdio-mode1/isofs-m1.bin.xz")]
    [InlineData("cue/poweriso/01_poweriso_bin.bin.xz")]
    [InlineData("cue/winiso/defaultArchive.bin")]
    public void A_data_file_is_opened_by_the_sheet_beside_it(string name)
    {
        using ImageSample sample = ImageSample.Open(name);
        Assert.Equal("cue", sample.Image.Format.Id);
        Assert.Equal(0, sample.Image.Content.GetExtent(0).Host?.FileIndex ?? 0);
    }

    [Fact]
    public void Pregap_of_a_later_track_belongs_to_it()
    {
        using ImageSample sample = ImageSample.Open("cue/libcdio-p1/p1.cue");
        DiscTrack track = sample.Image.Disc!.Tracks[1];
        Assert.Equal((150, 225, 302), (track.PregapLba, track.StartLba, track.EndLba));
        Assert.Contains(
            sample.Image.Warnings, warning => warning.Contains("'p1.bin' is taken", StringComparison.Ordinal));
    }

    [Fact]
    public void Msf_is_read_strictly()
    {
        Assert.True(Msf.TryParse("123:59:74", out long frames));
        Assert.Equal((((123 * 60) + 59) * 75) + 74, frames);
        Assert.False(Msf.TryParse("00:00", out _));
        Assert.False(Msf.TryParse("00:00:00:00", out _));
        Assert.False(Msf.TryParse("00:-1:00", out _));
        Assert.False(Msf.TryParse("123456:00:00", out _));
    }
}
