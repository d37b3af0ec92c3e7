using Imaged.Blocks;
using Imaged.Formats.Model;
using Imaged.Formats.Optical.Sectors;
using Imaged.TestKit;
using Imaged.TestKit.Contracts;
using Xunit;

namespace Imaged.Conformance.Optical;

public sealed class BinTests
{
    public static TheoryData<int, int, int, int> Layouts => new()
    {
        // mode, first byte of the sector, bytes of it, bytes behind it
        { 1, 0, 2352, 0 },
        { 2, 0, 2352, 0 },
        { 1, 0, 2352, 96 },
        { 2, 0, 2352, 96 },
        { 1, 0, 2352, 16 },
        { 2, 0, 2352, 16 },
        { 2, 16, 2336, 0 },
        { 2, 16, 2336, 96 },
        { 2, 16, 2056, 0 },
        { 2, 16, 2332, 0 },
        { 1, 12, 2340, 0 },
        { 2, 12, 2340, 0 },
        { 1, 16, 2048, 16 },
        { 1, 16, 2048, 96 },
    };

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Every_way_to_store_a_sector_is_found_with_and_without_the_pregap(
        int mode, int begin, int length, int behind)
    {
        using TemporaryFolder folder = new();
        byte[] iso = RawDisc.MakeIso(folder);
        TrackMode kind = mode == 2 ? TrackMode.Mode2 : TrackMode.Mode1;
        byte[] track = RawDisc.Store(RawDisc.Sectors(iso, kind), begin, length, behind);
        byte[] pregap = RawDisc.Store(RawDisc.Sectors(new byte[150 * 2048], kind, -150), begin, length, behind);
        foreach (byte[] file in new byte[][] { track, [.. pregap, .. track] })
        {
            File.WriteAllBytes(folder["some.name"], file);
            using FolderFiles files = new(folder.Path, "some.name");
            using DiskImage image = RawDisc.Open(files, "some.name", file.Length == track.Length ? null : "bin");
            Assert.Equal("bin", image.Format.Id);
            Assert.Equal(iso, RawDisc.All(image.Content));
            Assert.Empty(image.Warnings);
            Assert.Contains(image.Details, detail => detail.Value == $"{length + behind} bytes");
            DiscTrack found = Assert.Single(image.Disc!.Tracks);
            Assert.Equal((kind, 0), (found.Mode, found.StartLba));
            Assert.Equal(file.Length == track.Length ? 0 : -150, found.PregapLba);
        }
    }

    [Theory]
    [InlineData(1, 2352, "2352")]
    [InlineData(2, 2352, "2352")]
    [InlineData(2, 2336, "2336")]
    public void Iat_finds_the_same(int mode, int length, string name)
    {
        Requires.Tool("iat");
        using TemporaryFolder folder = new();
        byte[] iso = RawDisc.MakeIso(folder);
        byte[] raw = RawDisc.Sectors(iso, mode == 2 ? TrackMode.Mode2 : TrackMode.Mode1);
        File.WriteAllBytes(folder[name], RawDisc.Store(raw, 2352 - length, length, 0));
        Tool.Run("iat", folder[name], folder["out.iso"]);
        using FolderFiles files = new(folder.Path, name);
        using DiskImage image = RawDisc.Open(files, name);
        Assert.Equal(File.ReadAllBytes(folder["out.iso"]), RawDisc.All(image.Content));
    }

    [Fact]
    public void Scrambled_sectors_are_descrambled()
    {
        using TemporaryFolder folder = new();
        byte[] iso = RawDisc.MakeIso(folder);
        byte[] raw = RawDisc.Sectors(iso);
        for (int i = 0; i < raw.Length; i += 2352)
        {
            Scrambler.Apply(raw.AsSpan(i, 2352));
        }

        File.WriteAllBytes(folder["x.bin"], raw);
        using FolderFiles files = new(folder.Path, "x.bin");
        using DiskImage image = RawDisc.Open(files, "x.bin");
        Assert.Equal(iso, RawDisc.All(image.Content));
        Assert.Contains(image.Details, detail => detail.Key == "Scrambled");
        Assert.Empty(OpticalCheck.Run(image).Problems);
    }

    [Fact]
    public void A_file_that_begins_in_the_middle_of_a_sector_or_with_damage_is_read()
    {
        using TemporaryFolder folder = new();
        byte[] iso = RawDisc.MakeIso(folder);
        byte[] raw = RawDisc.Sectors(iso);
        byte[] damaged = [.. raw];
        damaged.AsSpan(0, 2352).Clear();
        byte[] shifted = [.. RawDisc.Sound(1, 1)[..1000], .. raw];
        foreach ((byte[] file, int first) in new[] { (shifted, 1000), (damaged, 0) })
        {
            File.WriteAllBytes(folder["x.bin"], [.. file, 1, 2, 3]);
            using FolderFiles files = new(folder.Path, "x.bin");
            using DiskImage image = RawDisc.Open(files, "x.bin");
            Assert.Equal(first != 0, image.Details.Any(detail => detail.Key == "First sector at byte"));
            Assert.Equal(iso, RawDisc.All(image.Content));
            Assert.Single(image.Warnings);
        }
    }

    [Fact]
    public void Sound_behind_the_data_is_a_track_of_its_own()
    {
        using TemporaryFolder folder = new();
        byte[] iso = RawDisc.MakeIso(folder);
        byte[] sound = RawDisc.Sound(400, 5);
        File.WriteAllBytes(folder["x.bin"], [.. RawDisc.Sectors(iso), .. sound]);
        using FolderFiles files = new(folder.Path, "x.bin");
        using DiskImage image = RawDisc.Open(files, "x.bin");
        Assert.Equal(iso, RawDisc.All(image.Content));
        Assert.Equal(2, image.Disc!.Tracks.Length);
        Assert.Equal(iso.Length / 2048, image.Disc.Tracks[1].StartLba);
        Assert.Single(image.Warnings);
    }

    [Fact]
    public void Wrong_sectors_are_told_by_their_number()
    {
        using TemporaryFolder folder = new();
        byte[] raw = RawDisc.Sectors(RawDisc.MakeIso(folder));
        raw[(100 * 2352) + 500] ^= 1;
        raw.AsSpan((120 * 2352) + 40, 1500).Fill(0x55);
        File.WriteAllBytes(folder["x.bin"], raw);
        using FolderFiles files = new(folder.Path, "x.bin");
        using DiskImage image = RawDisc.Open(files, "x.bin");
        OpticalCheck check = OpticalCheck.Run(image);
        Assert.Equal(
            [
                (100 * 2048, "sector 100: its checksum is wrong; its error correction has the right bytes"),
                (120 * 2048, "sector 120: its checksum is wrong, and its error correction does not help"),
            ],
            check.Problems);
        Assert.Equal(raw.Length, check.Total);
        Assert.Equal(check.Total, check.Advanced);
    }

    [Fact]
    public void A_file_of_sound_is_sound()
    {
        using ImageSample sample = ImageSample.Open("cue/libcdio-audio/cdda.bin.xz", "bin");
        DiscTrack track = Assert.Single(sample.Image.Disc!.Tracks);
        Assert.Equal(TrackMode.Audio, track.Mode);
        Assert.Equal(
            "b022bef9d5e7797a4f327f490cc69d415c0502a11a4ea87a39fc3734326f6b4c", ImageSample.Sha256(sample.Disk));
    }

    [Theory]
    [InlineData(
        "cue/libcdio-mode1/isofs-m1.bin.xz", "03043ff0b8a634bd4bc709cfdfc5ccfa7e0af72403ecf0484fe456cbfa4299bf")]
    [InlineData(
        "cue/poweriso/01_poweriso_bin.bin.xz", "66a33efdc7b70e91e063037f18809447dbe432caae169c5b8551540a3bc2e137")]
    [InlineData(
        "ccd/ultraiso/01_ultraiso-9.6.6.3300.img.xz",
        "66a33efdc7b70e91e063037f18809447dbe432caae169c5b8551540a3bc2e137")]
    public void Samples_hold_what_iat_and_ccd2iso_find(string name, string sha256)
    {
        using ImageSample sample = ImageSample.Open(name, "bin");
        Assert.Equal(sha256, ImageSample.Sha256(sample.Disk));
        Assert.Empty(OpticalCheck.Run(sample.Image).Problems);
    }

    [Fact]
    public void Plain_blocks_and_other_files_are_none()
    {
        using TemporaryFolder folder = new();
        RawDisc.MakeIso(folder);
        File.Move(folder["disc.iso"], folder["disc.bin"]);
        File.WriteAllBytes(folder["zero.bin"], new byte[147 * 4096]);
        File.WriteAllBytes(folder["short.bin"], RawSector.Sync);
        foreach (string name in new[] { "disc.bin", "zero.bin", "short.bin" })
        {
            using FolderFiles files = new(folder.Path, name);
            using DiskImage image = RawDisc.Open(files, name);
            Assert.Equal("raw", image.Format.Id);
            Assert.Throws<ImageFormatException>(() => RawDisc.Open(files, name, "bin"));
        }
    }

    [Fact]
    public void Changed_bytes_end_in_success_or_a_named_error()
    {
        using TemporaryFolder folder = new();
        byte[] iso = RawDisc.MakeIso(folder);
        using MemorySource file = new(RawDisc.Sectors(iso, TrackMode.Mode2));
        HostileInput.Try(file, source =>
        {
            using DiskImage image = Formats.ImageFormats.Open(
                new ImageOpener(source, "x.bin", null, new BlockCache(1 << 20)), null);
            SourceContract.ExtentsTile(image.Content);
            HostileInput.Allow(() => RawDisc.All(image.Content));
        });
    }
}
