using Imaged.E2e;
using Imaged.TestKit;

namespace Imaged.Bench.Rows;

/// <summary>A compressed image made raw, against the program that a user would take instead. The image is in the page
/// cache and what is written goes to memory: the disk does not count.</summary>
internal sealed class ConvertRow : IRow
{
    private const double SingleThreaded = 1.7;
    private const double Equal = 1;
    private const int Rounds = 5;

    private static readonly Case[] Cases =
    [
        new("qcow2, zlib", raw => Compressed.Image(
                raw, ".zlib.qcow2", "qemu-img convert -c -f raw -O qcow2 {raw} {image}"),
            [new("qemu-img", "qemu-img convert -O raw {image} {out}", Equal)]),
        new("qcow2, zstd", raw => Compressed.Image(
                raw, ".zstd.qcow2", "qemu-img convert -c -f raw -O qcow2 -o compression_type=zstd {raw} {image}"),
            [new("qemu-img", "qemu-img convert -O raw {image} {out}", Equal)]),
        new("VMDK, streamOptimized", raw => Compressed.Image(
                raw, ".vmdk", "qemu-img convert -f raw -O vmdk -o subformat=streamOptimized {raw} {image}"),
            [new("qemu-img", "qemu-img convert -O raw {image} {out}", Equal)]),
        new("VHDX", raw => Compressed.Image(raw, ".vhdx", "qemu-img convert -f raw -O vhdx {raw} {image}"),
            [new("qemu-img", "qemu-img convert -O raw {image} {out}", Equal)]),
        new("E01", raw => Compressed.Image(
                raw, ".E01", "ewfacquire -u -q -f encase6 -c fast -S 4GiB -t {stem} {raw}"),
            [new("ewfexport", "ewfexport -u -q -f raw -t {out} {image}", SingleThreaded)]),
        new("xz, blocks of 24 MiB", raw => Compressed.Image(raw, ".xz", "xz -T2 -k -c {raw} > {image}"),
            [
                new("xz -T1", "xz -T1 -dc {image} > {out}", SingleThreaded),
                new("xz -T0", "xz -T0 -dc {image} > {out}", 0),
            ]),
        new("xz, one block", raw => Compressed.Image(raw, ".1.xz", "xz -T1 -k -c {raw} > {image}"),
            [new("xz -T1", "xz -T1 -dc {image} > {out}", SingleThreaded)]),
        new("gzip", raw => Compressed.Image(raw, ".gz", "gzip -c {raw} > {image}"),
            [new("gzip", "gzip -dc {image} > {out}", SingleThreaded)]),
        new("zstd, one frame", raw => Compressed.Image(raw, ".zst", "zstd -q -c {raw} > {image}"),
            [new("zstd", "zstd -q -dc {image} > {out}", SingleThreaded)]),
        new("DAA, deflate", Compressed.Daa,
            // It ends with 1 also when all went well.
            [new("daa2iso", "{ daa2iso {image} {out} < /dev/null || true; }", SingleThreaded)]),
        new("DMG, zlib", raw => Compressed.Dmg(raw, "zlib"), Dmg),
        new("DMG, bzip2", raw => Compressed.Dmg(raw, "bzip2"), Dmg),
        new("DMG, lzma", raw => Compressed.Dmg(raw, "lzma"), Dmg[1..]),
    ];

    private static Peer[] Dmg =>
    [
        new("dmg2img", "dmg2img -s {image} {out}", SingleThreaded),
        new("7z", "7z e -tdmg -so {image} > {out}", SingleThreaded),
    ];

    public string Name => "convert";

    public void Run(Report report)
    {
        string raw = Work.MixedDisk();
        string folder = Directory.CreateDirectory($"/dev/shm/imaged-bench-{Environment.ProcessId}").FullName;
        try
        {
            foreach (Case which in Cases)
            {
                string image = which.Make(raw);
                Work.Warm(image);
                Check(raw, image, Path.Combine(folder, "out"));
                Target[] targets =
                [
                    .. which.Peers.Select(peer => new Target(peer.Name, () => Measure(peer, raw, image, folder))),
                    new("imagectl convert", () => Measure(Ours, raw, image, folder)),
                ];
                Measurement[] measured = Measurement.Interleave(Rounds, targets);
                report.Table($"{which.Name}, made raw", "MB/s", measured);
                foreach ((Peer peer, int i) in which.Peers.Select((peer, i) => (peer, i)).Where(p => p.peer.Goal > 0))
                {
                    report.Goal(
                        $"imagectl / {peer.Name}", measured[^1].Median / measured[i].Median, peer.Goal);
                }

                report.Line(string.Empty);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Peer Ours => new("imagectl", $"'{Programs.Control}' -q convert {{image}} {{out}}", 0);

    private static double Measure(Peer peer, string raw, string image, string folder)
    {
        string output = Path.Combine(folder, "out");
        string command = Compressed.Expand(peer.Command, raw, image, output);
        double seconds = Work.Time(() => Tool.Shell(command + " > /dev/null"));
        foreach (string file in Directory.GetFiles(folder))
        {
            File.Delete(file);
        }

        return Work.MixedLength / seconds / 1e6;
    }

    // A fast program that writes something else is no comparison.
    private static void Check(string raw, string image, string output)
    {
        Tool.Shell(Compressed.Expand(Ours.Command, raw, image, output) + $" && cmp '{raw}' '{output}'");
        File.Delete(output);
    }

    /// <summary>What a user would take instead.</summary>
    /// <param name="Name">For the table.</param>
    /// <param name="Command">As in <see cref="Compressed.Expand"/>.</param>
    /// <param name="Goal">How many times as fast to be; 0 for no goal.</param>
    private sealed record Peer(string Name, string Command, double Goal);

    /// <summary>A format.</summary>
    /// <param name="Name">For the table.</param>
    /// <param name="Make">Makes the image of a raw disk.</param>
    /// <param name="Peers">The others.</param>
    private sealed record Case(string Name, Func<string, string> Make, Peer[] Peers);
}
