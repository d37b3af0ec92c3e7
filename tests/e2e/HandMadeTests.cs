using System.Text.Json;
using Imaged.TestKit;
using Imaged.TestKit.Builders;
using Xunit;

namespace Imaged.E2e;

/// <summary>Images of formats that no free program writes, through the whole system: each is written field by field
/// around the same volume, of xorriso for a disc and of mkfs.ext4 for a disk, and what is mounted is compared with the
/// folder that the volume was made of.</summary>
public sealed class HandMadeTests
{
    [Theory]
    [InlineData("b5t", 2352)]
    [InlineData("b5t", 2448)]
    [InlineData("c2d", 2048)]
    [InlineData("c2d", 2352)]
    [InlineData("cdi", 2048)]
    [InlineData("cdi", 2336)]
    [InlineData("cif", 2048)]
    [InlineData("cif", 2332)]
    [InlineData("fcd", 2048)]
    [InlineData("mds", 2048)]
    [InlineData("mds", 2352)]
    [InlineData("mds", 2448)]
    [InlineData("pdi", 2352)]
    [InlineData("vc4", 2048)]
    [InlineData("vc4", 2352)]
    [InlineData("vcd", 2352)]
    [InlineData("vdf", 2048)]
    public void Every_disc_is_mounted_with_all_its_files(string extension, int sectorSize)
    {
        using PrivateSystem system = PrivateSystem.Start();
        byte[] iso = MakeIso(system.Folder);
        (string format, (string Name, byte[] Bytes)[] files) = Make(extension, iso, sectorSize);
        foreach ((string name, byte[] bytes) in files)
        {
            File.WriteAllBytes(system[name], bytes);
        }

        string image = system[files[0].Name];
        JsonElement layers = system.Run("info", "--json", image).Succeeds().Json.GetProperty("layers");
        Assert.Equal(format, layers[0].GetProperty("format").GetString());
        string directory = system.Mount(image);
        Trees.AssertEqual(system["source"], directory);
        system.Run("umount", directory).Succeeds();

        system.Run("convert", image, system["back.iso"]).Succeeds();
        Assert.Equal(iso, File.ReadAllBytes(system["back.iso"])[..iso.Length]);
        if (extension is not ("fcd" or "vc4" or "vdf"))
        {
            directory = system.Mount(image, "--as", "disc");
            Assert.Equal(iso, File.ReadAllBytes(Path.Combine(directory, "track01.iso"))[..iso.Length]);
            system.Run("umount", directory).Succeeds();
        }
    }

    [Theory]
    [InlineData("b5t")]
    [InlineData("cdi")]
    [InlineData("mds")]
    public void Sessions_are_seen_whole_and_each_on_its_own(string extension)
    {
        // The second session begins behind a lead-out, a lead-in and a pregap (MMC-3, section 4.2.3).
        const int Second = 11702;
        using PrivateSystem system = PrivateSystem.Start();
        (byte[] one, byte[] two) = DiscData.IsoSessions(Second);
        foreach ((string name, byte[] bytes) in MakeSessions(extension, DiscData.Pad(one, 302), two, Second))
        {
            File.WriteAllBytes(system[name], bytes);
        }

        string image = system["disc." + extension];
        foreach ((string[] options, string[] names) in ((string[], string[])[])
            [([], ["one", "two"]), (["--session", "1"], ["one"]), (["--session", "2"], ["one", "two"])])
        {
            string directory = system.Mount([image, .. options]);
            Assert.Equal(
                names.Select(name => name + ".bin"),
                Directory.EnumerateFiles(directory).Select(path => Path.GetFileName(path)).Order());
            Assert.All(names, name => Assert.Equal(
                DiscData.SessionFile(name), File.ReadAllBytes(Path.Combine(directory, name + ".bin"))));
            system.Run("umount", directory).Succeeds();
        }
    }

    [Theory]
    [InlineData(60_000, int.MaxValue)]
    [InlineData(100_000, 20)]
    public void A_recovery_point_is_mounted_with_all_its_files(int piece, int blocksPerFile)
    {
        using PrivateSystem system = PrivateSystem.Start();
        Disks.Make(system.Folder);
        byte[] volume = File.ReadAllBytes(system["disk"]);
        List<byte[]> set = new V2iBuilder(volume) { PackedPiece = piece, BlocksPerFile = blocksPerFile }.Build();
        for (int i = 0; i < set.Count; i++)
        {
            File.WriteAllBytes(system[i == 0 ? "disk.v2i" : $"disk_s{i:D2}.v2i"], set[i]);
        }

        Disks.AssertMounts(system, system["disk.v2i"], "v2i");
    }

    private static (string Format, (string Name, byte[] Bytes)[] Files) Make(
        string extension, byte[] iso, int sectorSize)
    {
        int count = iso.Length / DiscData.Cooked;
        int mode = extension is "cif" or "vcd" || sectorSize == 2336 ? 2 : 1;
        byte[] raw = DiscData.Raw(iso, 0, mode);
        byte[] data = sectorSize switch
        {
            2048 => iso,
            2332 or 2336 => DiscData.Cut(raw, 16, sectorSize),
            2352 => raw,
            _ => DiscData.Join(raw, DiscData.Whole, DiscData.Noise(count * DiscData.Subchannel, 1)),
        };
        return extension switch
        {
            "b5t" => ("blindwrite",
            [
                ("disc.b5t", new B5Image().Block("disc.b5i", 0, sectorSize, 0, count)
                    .Session().Add(new(1, mode == 1 ? 2 : 4, -150, count + 150, 150, 4)).ToArray()),
                ("disc.b5i", data),
            ]),
            "c2d" => ("c2d", [("disc.c2d", C2dImage.Make(
                "Roxio Image File Format 3.0",
                data,
                new C2dImage.Block(1, 1, 1, mode, 0, count - 1, 1000, sectorSize) { Flags = 4 }))]),
            "cdi" => ("cdi", [("disc.cdi", new CdiImage(4).Session().Add(new(
                mode, sectorSize == 2048 ? 0 : 1, 0, [150, count], [.. new byte[150 * sectorSize], .. data]))
                .ToArray())]),
            "cif" => ("cif", [("disc.cif", CifImage.Make(
                [[new(sectorSize == 2048 ? 1 : 4, sectorSize, data)]]))]),
            "fcd" => ("vcd", [("disc.fcd",
            [
                .. new ByteWriter().U32(1).U32(32768).U8(0).Zeros(91).Text("FCD V1.0").PadTo(32768).ToArray(), .. data,
            ])]),
            "mds" => ("mds",
            [
                ("disc.mds", new MdsImage().Session().Add(
                    new(1, sectorSize == 2048 ? 2 : 0xaa, sectorSize, 0, count, 0)
                    {
                        Pregap = 150, Control = 4, Subchannel = sectorSize == 2448 ? 8 : 0,
                    }).ToArray()),
                ("disc.mdf", data),
            ]),
            "pdi" => ("pdi", [("disc.pdi", new ByteWriter()
                .Text("TTAFMPVOBCDIMG").U8(1, 0).Bytes(DiscData.Noise(288, 7)).Bytes(data).ToArray())]),
            "vc4" => ("vcd",
            [
                ("disc.vc4", [.. "\0VCDContainer\0\0"u8, .. new byte[4081]]),
                ("disc.000", [0x1f, 0xab, 0x99, 0, 0, 9, 0x3d, 0, 1, 0, 0, 0, .. new byte[4084], .. data]),
            ]),
            "vcd" => ("pops", [("disc.vcd", PopsImage.Make(data, (0x41, 0, 0)))]),
            _ => ("vdf", [("disc.vdf", [.. new byte[4096], .. data])]),
        };
    }

    private static (string Name, byte[] Bytes)[] MakeSessions(string extension, byte[] one, byte[] two, int second)
    {
        int count = one.Length / DiscData.Cooked;
        int more = two.Length / DiscData.Cooked;
        byte[] data = [.. one, .. two];
        return extension switch
        {
            "b5t" =>
            [
                ("disc.b5t", new B5Image().Block("disc.b5i", 0, 2048, 0, count)
                    .Block("disc.b5i", one.Length, 2048, second, more)
                    .Session().Add(new(1, 2, -150, count + 150, 150, 4))
                    .Session().Add(new(2, 2, second - 150, more + 150, 150, 4)).ToArray()),
                ("disc.b5i", data),
            ],
            "cdi" =>
            [
                ("disc.cdi", new CdiImage(4)
                    .Session().Add(new(1, 0, 0, [150, count], [.. new byte[150 * 2048], .. one]))
                    .Session().Add(new(1, 0, second, [150, more], [.. new byte[150 * 2048], .. two])).ToArray()),
            ],
            _ =>
            [
                ("disc.mds", new MdsImage()
                    .Session().Add(new(1, 2, 2048, 0, count, 0) { Pregap = 150, Control = 4 })
                    .Session().Add(new(2, 2, 2048, second, more, one.Length) { Pregap = 150, Control = 4 }).ToArray()),
                ("disc.mdf", data),
            ],
        };
    }

    // A volume with names, sizes and links of several kinds. No track is below four seconds.
    private static byte[] MakeIso(string folder)
    {
        Requires.Tool("xorriso");
        Tool.Shell($"""
            cd '{folder}'
            mkdir -p source/deep/er
            seq 1 60000 > source/numbers
            head -c 700K /dev/urandom > 'source/deep/a longer name.bin'
            ln -s ../numbers source/deep/link
            : > source/deep/er/empty
            chmod 640 source/numbers
            find source -exec touch -h -d @1700000000 {"{}"} +
            xorriso -as mkisofs -quiet -R -J -V DISC -o iso source 2> log
            """);
        byte[] iso = File.ReadAllBytes(Path.Combine(folder, "iso"));
        return DiscData.Pad(iso, Math.Max(302, iso.Length / DiscData.Cooked));
    }
}
