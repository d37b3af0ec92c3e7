using System.Security.Cryptography;
using System.Text.Json;
using Imaged.TestKit;
using Xunit;

namespace Imaged.E2e;

/// <summary>Images of every format through the whole system, against the same disc as a plain ISO image.</summary>
public sealed class FormatTests
{
    // What the authors of mirage2iso packed into all their images.
    private const string Payload = "iso/mirage2iso-00_input.iso.xz";

    [Theory]
    [InlineData("nrg/nerolinux4.nrg.xz", "nrg", null)]
    [InlineData("cue/poweriso/01_poweriso_bin.cue", "cue", null)]
    [InlineData("cue/poweriso/01_poweriso_bin.bin.xz", "cue", null)]
    [InlineData("cue/poweriso/01_poweriso_bin.toc", "toc", null)]
    [InlineData("ccd/ultraiso/01_ultraiso-9.6.6.3300.ccd", "ccd", null)]
    [InlineData("ccd/ultraiso/01_ultraiso-9.6.6.3300.img.xz", "ccd", null)]
    [InlineData("dmg/mirage2iso-20_hdiutil_udzo.dmg", "dmg", null)]
    [InlineData("dmg/mirage2iso-20_hdiutil_udbz.dmg", "dmg", null)]
    [InlineData("daa/poweriso46-best.daa", "daa", null)]
    [InlineData("cso/mirage2iso.cso", "cso", null)]
    [InlineData("ecm/mirage2iso.iso.ecm.xz", "ecm", null)]
    [InlineData("isz/ultraiso96.isz", "isz", null)]
    [InlineData("uif/magiciso55.uif", "uif", null)]
    [InlineData("daa/split1/02_poweriso-4.6-split1.part01.daa", "daa", null)]
    public void Every_format_is_mounted_with_all_its_files(string sample, string format, string? password)
    {
        using PrivateSystem system = PrivateSystem.Start();
        string image = SampleFiles.Copy(sample, system.Folder);
        string[] options = PasswordOptions(system, password);
        JsonElement info = system.Run(["info", "--json", image, .. options]).Succeeds().Json;
        Assert.Equal(format, info.GetProperty("layers")[0].GetProperty("format").GetString());

        string directory = system.Mount([image, .. options]);
        Trees.AssertEqual(Trees.ExtractIso(Samples.Get(Payload), system["expected"]), directory);
        system.Run("umount", directory).Succeeds();

        system.Run(["convert", image, system["out.iso"], .. options]).Succeeds();
        Assert.Equal(HashOf(Samples.Get(Payload)), HashOf(system["out.iso"]));
        system.Run(["verify", image, .. options]).Succeeds();
    }

    [Theory]
    [InlineData("cue")]
    [InlineData("ccd")]
    [InlineData("toc")]
    [InlineData("nrg")]
    public void A_disc_that_was_converted_holds_the_same(string format)
    {
        using PrivateSystem system = PrivateSystem.Start();
        string image = SampleFiles.Copy("nrg/nerolinux4.nrg.xz", system.Folder);
        string output = system["converted." + format];
        system.Run("convert", image, output).Succeeds();
        JsonElement track = system.Run("info", "--json", output).Succeeds().Json
            .GetProperty("disc").GetProperty("tracks")[0];
        Assert.Equal("mode1", track.GetProperty("mode").GetString());
        Assert.Equal(2352, track.GetProperty("storedBytes").GetInt32());
        Assert.Contains("EDC of", system.Run("verify", output).Succeeds().Output, StringComparison.Ordinal);
        system.Run("convert", output, system["back.iso"]).Succeeds();
        Assert.Equal(HashOf(Samples.Get(Payload)), HashOf(system["back.iso"]));
    }

    [Fact]
    public void A_disc_of_sound_is_mounted_as_its_tracks()
    {
        using PrivateSystem system = PrivateSystem.Start();
        string image = SampleFiles.Copy("nrg/libcdio-p1.nrg.xz", system.Folder);
        string directory = system.Mount(image);
        string[] names = [.. Directory.EnumerateFiles(directory).Select(path => Path.GetFileName(path)).Order()];
        Assert.Equal(["disc.bin", "disc.cue", "track01.wav", "track02.wav"], names);
        byte[] wave = File.ReadAllBytes(Path.Combine(directory, "track01.wav"));
        system.Run("convert", image, "--track", "1", system["one.wav"]).Succeeds();
        Assert.Equal(wave, File.ReadAllBytes(system["one.wav"]));
        Assert.Equal("RIFF"u8.ToArray(), wave[..4]);
        Assert.Equal(0, (wave.Length - 44) % 2352);
        system.Run("umount", directory).Succeeds();
        system.Run("convert", image, system["all.wav"]).Fails(7, "--track");
        system.Run("ls", image, "--track", "2").Fails(7, "sound");
        system.Run("ls", image, "--track", "9").Fails(4, "no track 9");
    }

    [Fact]
    public void A_disc_and_a_hard_disk_of_chdman_hold_what_went_in()
    {
        Requires.Tool("chdman");
        using PrivateSystem system = PrivateSystem.Start();
        File.Copy(Samples.Get(Payload), system["disc.iso"]);
        Tool.Shell($"""
            cd '{system.Folder}'
            head -c {200 * 2352} disc.iso >sound.bin
            printf 'FILE "disc.iso" BINARY\n TRACK 01 MODE1/2048\n  INDEX 01 00:00:00\n' >disc.cue
            printf 'FILE "sound.bin" BINARY\n TRACK 02 AUDIO\n  INDEX 01 00:00:00\n' >>disc.cue
            chdman createcd -i disc.cue -o disc.chd 2>&1
            chdman extractcd -i disc.chd -o out.cue -ob out.bin 2>&1
            chdman createhd -i disc.iso -o disk.chd -ss 512 2>&1
            cat disc.iso sound.bin | cmp - out.bin
            """);
        foreach (string image in (string[])[system["disc.chd"], system["disk.chd"]])
        {
            Assert.Contains(
                "SHA-1 of the whole", system.Run("verify", image).Succeeds().Output, StringComparison.Ordinal);
            system.Run("convert", image, image + ".iso").Succeeds();
            Assert.Equal(HashOf(system["disc.iso"]), HashOf(image + ".iso"));
            string directory = system.Mount(image);
            Trees.AssertEqual(Trees.ExtractIso(Samples.Get(Payload), image + ".expected"), directory);
            system.Run("umount", directory).Succeeds();
        }

        system.Run("convert", system["disc.chd"], "--track", "2", system["two.wav"]).Succeeds();
        Assert.Equal(File.ReadAllBytes(system["sound.bin"]), File.ReadAllBytes(system["two.wav"])[44..]);
    }

    [Fact]
    public void An_encrypted_disc_wants_its_password_and_survives_its_worker()
    {
        using PrivateSystem system = PrivateSystem.Start();
        string image = SampleFiles.Copy("mdx/test_pass.mdx", system.Folder);
        system.Run("info", image).Fails(5, "--password-file");
        system.Run(["mount", image, .. PasswordOptions(system, "wrong")]).Fails(5, "password is wrong");
        string directory = system.Mount([image, .. PasswordOptions(system, "pass")]);

        // Names without Rock Ridge are written by each program in its own way; the bytes are the same.
        string expected = SumsOf(Trees.ExtractIso(Samples.Get("mdx/test.mdf"), system["expected"]));
        Assert.Equal(expected, SumsOf(directory));
        Machine.Signal(Assert.Single(PrivateSystem.Workers), "KILL");
        File.WriteAllText("/proc/sys/vm/drop_caches", "3");
        Assert.Equal(expected, SumsOf(directory));
        system.Run("umount", directory).Succeeds();
    }

    [Theory]
    [InlineData("gzip -1", "gz", true)]
    [InlineData("xz -0 -T1", "xz", false)]
    public void A_compressed_disc_survives_its_worker(string tool, string extension, bool isKept)
    {
        Requires.Tool(tool.Split(' ')[0], "xorriso");
        using PrivateSystem system = PrivateSystem.Start();
        Tool.Shell($"""
            cd {system.Folder}; mkdir tree; seq 1 9000000 >tree/numbers; head -c 20000000 /dev/urandom >tree/noise
            xorriso -as mkisofs -quiet -R -V PACKED -o disc.iso tree; {tool} disc.iso
            """);
        string expected = SumsOf(system["tree"]);
        string directory = system.Mount(system["disc.iso." + extension], "--as", "tree");
        using (FileStream stream = File.OpenRead(Path.Combine(directory, "numbers")))
        {
            stream.ReadExactly(new byte[40_000_000]);
        }

        Machine.Signal(Assert.Single(PrivateSystem.Workers), "KILL");
        File.WriteAllText("/proc/sys/vm/drop_caches", "3");
        Assert.Equal(expected, SumsOf(directory));
        system.Run("umount", directory).Succeeds();

        // What was found out about the file is there for the next one; a spool is gone with its worker.
        Assert.Equal(isKept ? 1 : 0, Directory.GetFiles(system["caches/0"]).Length);
        system.Run("verify", system["disc.iso." + extension]).Succeeds();
        Assert.Equal(isKept ? 1 : 0, Directory.GetFiles(system["cache/imaged"]).Length);
    }

    [Fact]
    public void The_tracks_of_a_disc_are_shown_when_they_hold_no_sectors()
    {
        using PrivateSystem system = PrivateSystem.WithoutDaemon();
        string image = SampleFiles.Copy("gdi/igir/GD-ROM.gdi", system.Folder);
        CommandResult info = system.Run("info", "--json", image).Succeeds();
        Assert.Equal(4, info.Json.GetProperty("disc").GetProperty("tracks").GetArrayLength());
        Assert.Contains(
            "is no data sector",
            Assert.Single(info.Json.GetProperty("warnings").EnumerateArray()).GetString(),
            StringComparison.Ordinal);
        system.Run("ls", image).Fails(1, "is no data sector");
        Assert.Contains(
            "session2", system.Run("ls", image, "--as", "disc").Succeeds().Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_changed_sector_is_found_by_verify()
    {
        using PrivateSystem system = PrivateSystem.Start();
        string image = SampleFiles.Copy("nrg/nerolinux4.nrg.xz", system.Folder);
        string output = system["disc.cue"];
        system.Run("convert", image, output).Succeeds();
        using (FileStream stream = new(system["disc.bin"], FileMode.Open))
        {
            stream.Position = (100 * 2352) + 500;
            int old = stream.ReadByte();
            stream.Position--;
            stream.WriteByte((byte)(old ^ 1));
        }

        CommandResult result = system.Run("verify", output);
        Assert.Equal(6, result.ExitCode);
        Assert.Contains(
            "sector 100: its checksum is wrong; its error correction has the right bytes",
            result.Output,
            StringComparison.Ordinal);
    }

    private static string[] PasswordOptions(PrivateSystem system, string? password)
    {
        if (password is null)
        {
            return [];
        }

        File.WriteAllText(system["password"], password + "\n");
        return ["--password-file", system["password"]];
    }

    private static string SumsOf(string folder) =>
        Tool.Shell($"cd '{folder}' && find . -type f -exec sha256sum {{}} + | cut -c1-64 | sort").Text;

    private static string HashOf(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
