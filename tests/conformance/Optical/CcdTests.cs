using System.Text;
using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical;
using Imaged.Formats.Optical.Sectors;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Optical;

public sealed class CcdContract : ImageContract
{
    protected override string Sample => "ccd/ultraiso/01_ultraiso-9.6.6.3300.ccd";

    protected override string Format => "ccd";
}

public sealed class CcdTests
{
    private const string Payload = "66a33efdc7b70e91e063037f18809447dbe432caae169c5b8551540a3bc2e137";

    [Theory]
    [InlineData("ccd/ultraiso/01_ultraiso-9.6.6.3300.ccd")]
    [InlineData("ccd/ultraiso/01_ultraiso-9.6.6.3300.img.xz")]
    public void The_sample_is_what_ccd2iso_finds_whichever_of_its_files_is_opened(string name)
    {
        using ImageSample sample = ImageSample.Open(name);
        Assert.Equal("ccd", sample.Image.Format.Id);
        Assert.Empty(sample.Image.Warnings);
        Assert.Equal(Payload, ImageSample.Sha256(sample.Disk));
        Assert.Empty(OpticalCheck.Run(sample.Image).Problems);
    }

    [Fact]
    public void Subchannels_of_the_sample_are_its_sub_file_also_when_they_are_interleaved_behind_each_sector()
    {
        using ImageSample sample = ImageSample.Open("ccd/ultraiso/01_ultraiso-9.6.6.3300.ccd");
        using SubchannelStream subchannel = new(sample.Image.Disc!);
        byte[] linear = File.ReadAllBytes(Samples.Get("ccd/ultraiso/01_ultraiso-9.6.6.3300.sub"));
        Assert.Equal(linear, RawDisc.All(subchannel));

        // Both orders of 2448 bytes a sector are told from each other by the checksums of Q.
        byte[] image = File.ReadAllBytes(Samples.Get("ccd/ultraiso/01_ultraiso-9.6.6.3300.img.xz"));
        foreach (bool isLinear in new[] { true, false })
        {
            byte[] both = new byte[image.Length / 2352 * 2448];
            for (int i = 0; i < image.Length / 2352; i++)
            {
                image.AsSpan(i * 2352, 2352).CopyTo(both.AsSpan(i * 2448));
                ReadOnlySpan<byte> sub = linear.AsSpan(i * 96, 96);
                for (int j = 0; j < 96; j++)
                {
                    for (int channel = 0; channel < 8 && !isLinear; channel++)
                    {
                        int bit = (sub[(channel * 12) + (j / 8)] >> (7 - (j % 8))) & 1;
                        both[(i * 2448) + 2352 + j] |= (byte)(bit << (7 - channel));
                    }

                    both[(i * 2448) + 2352 + j] = isLinear ? sub[j] : both[(i * 2448) + 2352 + j];
                }
            }

            using MemorySource file = new(both);
            using DiskImage found =
                Formats.ImageFormats.Open(new ImageOpener(file, "x.img", null, new BlockCache(1 << 20)), null);
            Assert.Equal("bin", found.Format.Id);
            using SubchannelStream again = new(found.Disc!);
            Assert.Equal(linear, RawDisc.All(again));
        }
    }

    [Theory]
    [InlineData(false, false, false)]
    [InlineData(true, false, false)]
    [InlineData(true, true, false)]
    [InlineData(false, true, false)]
    [InlineData(true, true, true)]
    [InlineData(false, false, true)]
    public void A_later_session_is_found_with_and_without_its_pregap_in_the_image(
        bool isStored, bool isTold, bool isSound)
    {
        using TemporaryFolder folder = new();
        byte[] iso = RawDisc.MakeIso(folder);
        int end = iso.Length / 2048;
        int start = end + 11400;
        byte[] second = isSound ? RawDisc.Sound(300, 6) : RawDisc.Sectors(iso, firstLba: start);
        byte[] pregap = new byte[isStored ? 150 * 2352 : 0];
        File.WriteAllBytes(folder["a.img"], [.. RawDisc.Sectors(iso), .. pregap, .. second]);
        int mode = isSound ? 0 : 1;
        WriteSheet(
            folder,
            [
                Entry(1, 0xa0, 4, 0), Entry(1, 0xa1, 4, 0), Entry(1, 0xa2, 4, end), Entry(1, 1, 4, 0),
                Entry(2, 0xb0, 4, 0, adr: 5),
                Entry(2, 0xa2, 4, start + (second.Length / 2352)),
                Entry(2, 2, isSound ? 0 : 4, start),
            ],
            "[TRACK 1]\nMODE=1\nINDEX 1=0\n[TRACK 2]\n" + $"MODE={mode}\n" + (isTold
                ? "INDEX 0=0\nINDEX 1=150\n"
                : "INDEX 1=0\n"));
        using FolderFiles files = new(folder.Path, "a.ccd");
        using DiskImage image = RawDisc.Open(files, "a.ccd");
        DiscTrack track = image.Disc!.Tracks[1];
        Assert.Equal((2, (long)start), (track.Session, track.StartLba));
        using BlockSource body = DiscStream.OpenBody(track);
        Assert.Equal(second, RawDisc.All(body));
        Assert.Equal(isStored ? start - 150 : start, track.PregapLba);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Scrambled_sectors_are_found_whatever_the_flag_says(int flag)
    {
        using TemporaryFolder folder = new();
        byte[] iso = RawDisc.MakeIso(folder);
        byte[] raw = RawDisc.Sectors(iso);
        for (int i = 0; flag == 0 && i < raw.Length; i += 2352)
        {
            Scrambler.Apply(raw.AsSpan(i, 2352));
        }

        File.WriteAllBytes(folder["a.img"], raw);
        WriteSheet(folder, [Entry(1, 0xa2, 4, iso.Length / 2048), Entry(1, 1, 4, 0)], string.Empty, flag);
        using FolderFiles files = new(folder.Path, "a.ccd");
        using DiskImage image = RawDisc.Open(files, "a.ccd");
        Assert.Equal(iso, RawDisc.All(image.Content));
        Assert.Empty(OpticalCheck.Run(image).Problems);
    }

    [Fact]
    public void What_is_missing_is_told()
    {
        using TemporaryFolder folder = new();
        byte[] iso = RawDisc.MakeIso(folder);
        int count = iso.Length / 2048;
        string[] entries = [Entry(1, 0xa2, 4, count), Entry(1, 1, 4, 0)];
        WriteSheet(folder, entries, string.Empty);
        Assert.Contains("'a.img' belongs to it", Refused(folder), StringComparison.Ordinal);

        // Two sectors at the end are often unreadable; more are not.
        File.WriteAllBytes(folder["a.img"], RawDisc.Sectors(iso)[..((count - 2) * 2352)]);
        File.WriteAllBytes(folder["a.sub"], new byte[(count - 10) * 96]);
        using (FolderFiles files = new(folder.Path, "a.ccd"))
        {
            using DiskImage image = RawDisc.Open(files, "a.ccd");
            Assert.Equal(iso[..^4096], RawDisc.All(image.Content));
            Assert.Contains("last 2 sectors", Assert.Single(image.Warnings), StringComparison.Ordinal);
            using SubchannelStream subchannel = new(image.Disc!);
            Assert.Equal((count - 2) * 96, subchannel.Length);
        }

        File.WriteAllBytes(folder["a.img"], RawDisc.Sectors(iso)[..(100 * 2352)]);
        Assert.Contains(
            $"needs {count} sectors of the image, which has 100", Refused(folder), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Point=0x01\nPLBA=x", "'PLBA' of 'Entry 0' is 'x'")]
    [InlineData("Point=0x01\nPLBA=-151", "has the address -151")]
    [InlineData("Point=0x01\nPLBA=0\nSession=100", "session 100")]
    [InlineData("Point=0xa2\nPLBA=0", "there is no track")]
    public void Nonsense_is_refused_with_what_is_wrong(string entry, string part)
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["a.img"], new byte[2352]);
        WriteSheet(folder, [entry], string.Empty);
        Assert.Contains(part, Refused(folder), StringComparison.Ordinal);
    }

    private static string Refused(TemporaryFolder folder)
    {
        using FolderFiles files = new(folder.Path, "a.ccd");
        return Assert.Throws<ImageFormatException>(() => RawDisc.Open(files, "a.ccd")).Message;
    }

    private static string Entry(int session, int point, int control, int lba, int adr = 1) =>
        $"Session={session}\nPoint=0x{point:x2}\nADR=0x{adr:x2}\nControl=0x{control:x2}\nPLBA={lba}";

    private static void WriteSheet(TemporaryFolder folder, string[] entries, string tracks, int isScrambled = 0)
    {
        StringBuilder sheet = new("[CloneCD]\nVersion=3\n[Disc]\nDataTracksScrambled=" + isScrambled + "\n");
        for (int i = 0; i < entries.Length; i++)
        {
            sheet.Append(System.Globalization.CultureInfo.InvariantCulture, $"[Entry {i}]\n{entries[i]}\n");
        }

        File.WriteAllText(folder["a.ccd"], sheet.Append(tracks).ToString());
    }
}
