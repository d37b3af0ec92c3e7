using Imaged.TestKit;
using Imaged.TestKit.Builders;

namespace Imaged.Fuzz;

/// <summary>Seeds for formats of which no small sample exists: written by the builders of the tests, or by programs
/// that pack.</summary>
internal static class MadeSeeds
{
    private const int Sectors = 40;

    private static readonly Lazy<IReadOnlyList<byte[]>> Made = new(() => [.. Built(), .. Packed(), .. Volumes()]);

    /// <summary>All of them, of all formats.</summary>
    public static IReadOnlyList<byte[]> All => Made.Value;

    private static IEnumerable<byte[]> Built()
    {
        byte[] data = DiscData.Noise(Sectors * DiscData.Cooked, 1);
        byte[] raw = DiscData.Raw(data, 0);
        byte[] sound = DiscData.Sound(Sectors, 2);
        byte[] volume = [.. DiscData.Noise(200_000, 3), .. new byte[500 * 512]];
        yield return new V2iBuilder(volume[..(volume.Length / 512 * 512)]).Build()[0];
        yield return new V2iBuilder(volume[..(volume.Length / 512 * 512)]) { PackedPiece = 0 }.Build()[0];
        yield return C2dImage.Make(
            "Roxio Image File Format 3.0",
            [.. data, .. sound],
            new C2dImage.Block(1, 1, 1, 1, 0, Sectors - 1, 1000, 2048) { Flags = 4 },
            new C2dImage.Block(1, 2, 1, 0, Sectors, (2 * Sectors) - 1, 1000 + data.Length, 2352));
        yield return CifImage.Make([[new(1, 2048, data), new(0, 2352, sound)], [new(1, 2048, data)]]);
        yield return PopsImage.Make(
            [.. DiscData.Raw(data, 0, 2), .. sound], (0x41, 0, 0), (0x01, Sectors, Sectors + 5));
        yield return new ByteWriter()
            .Text("TTAFMPVOBCDIMG").U8(1, 0).Bytes(DiscData.Noise(288, 7)).Bytes(raw).ToArray();
        yield return new CdiImage(4)
            .Session().Add(new(1, 0, 0, [0, Sectors], data))
            .Session().Add(new(0, 2, 12000, [0, Sectors], sound)).ToArray();
        yield return new CdiImage(2).Session().Add(new(1, 2, 0, [0, Sectors], raw)).ToArray();
        yield return new MdsImage()
            .Session().Add(new(1, 0xaa, 2352, 0, 1, 0)).Add(new(2, 0xa9, 2352, 1, 1, 2352)).ToArray();
        yield return new MdsImage(0x10).Session().Add(new(1, 2, 2048, 0, 1, 0)).ToArray();
        yield return new B5Image().Block("image.b5i", 0, 2352, 0, 2).Session().Add(new(1, 2, 0, 2, 0, 4)).ToArray();
        yield return
        [
            0x1f, 0xab, 0x99, 0, 0, 9, 0x3d, 0, 1, 0, 0, 0, .. new byte[4084], .. data,
        ];
        yield return [.. new DaaBuilder().Build(volume)[0]];
        yield return [.. new DaaBuilder { IsGbi = true, IsVersion2 = true }.Build(volume)[0]];
    }

    // Text, noise and zeros; the programs are there where the tests run.
    private static IEnumerable<byte[]> Packed()
    {
        string[] programs =
        [
            "gzip -c", "bzip2 -c", "zstd -q -c", "compress -c", "xz -c", "xz --format=lzma -c", "bgzip -c", "lz4 -q -c",
        ];
        foreach (string program in programs.Where(program => Tool.Exists(program.Split(' ')[0])))
        {
            yield return Tool.Shell(
                $"{{ seq 1 9000; head -c 30000 /dev/urandom; head -c 70000 /dev/zero; }} | {program}").Output;
        }
    }

    // Without checksums that are checked: behind those, a changed byte is not looked at.
    private static IEnumerable<byte[]> Volumes()
    {
        string[] commands =
        [
            "mkfs.xfs --unsupported -q -f -m crc=0 -d size=20m,file,name=volume",
            "truncate -s 32M volume; mkfs.btrfs -q -f -M --csum xxhash volume",
            "truncate -s 2M volume; mkswap -q volume",
        ];
        foreach (string command in commands.Where(command => Tool.Exists(command.Split("; ")[^1].Split(' ')[0])))
        {
            using TemporaryFolder folder = new();
            Tool.Shell($"cd '{folder.Path}'; PATH=$PATH:/usr/sbin:/sbin; ({command}) > log 2>&1");
            yield return File.ReadAllBytes(folder["volume"]);
        }
    }
}
