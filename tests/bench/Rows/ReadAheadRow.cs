using Imaged.E2e;
using Imaged.TestKit;

namespace Imaged.Bench.Rows;

/// <summary>Reads of a file that the worker serves for a compressed image: sequential ones are decoded ahead on all
/// processors, random ones decode one block.</summary>
internal sealed class ReadAheadRow : IRow
{
    private const int Rounds = 5;

    public string Name => "read-ahead";

    public void Run(Report report)
    {
        string raw = Work.MixedDisk();
        using PrivateSystem system = PrivateSystem.Start();
        string qcow2 = Compressed.Image(
            raw, ".zlib.qcow2", "qemu-img convert -c -f raw -O qcow2 {raw} {image}");
        using (QemuExport qemu = new(qcow2, system["qemu"], "qcow2"))
        {
            Compare(report, "qcow2, zlib", system, qcow2, "qemu-storage-daemon", qemu.Path, goal: 1.7);
        }

        string ewf = Compressed.Image(raw, ".E01", "ewfacquire -u -q -f encase6 -c fast -S 4GiB -t {stem} {raw}");
        string mount = Directory.CreateDirectory(system["ewf"]).FullName;
        Tool.Shell($"ewfmount '{ewf}' '{mount}' > /dev/null");
        try
        {
            Compare(report, "E01", system, ewf, "ewfmount", Path.Combine(mount, "ewf1"), goal: 1.7);
        }
        finally
        {
            Tool.Run("umount", mount);
        }

        // Nothing in Debian serves these as a file.
        Compare(report, "DAA, deflate", system, Compressed.Daa(raw), null, null, goal: 0);
        Compare(report, "DMG, zlib", system, Compressed.Dmg(raw, "zlib"), null, null, goal: 0);
    }

    private static void Compare(
        Report report, string format, PrivateSystem system, string image, string? peer, string? peerPath, double goal)
    {
        using ServedFile served = new(image, system["served-" + Path.GetExtension(image)[1..]]);
        Work.Warm(image);
        Target[] Both(Func<string, double> measure) =>
            [.. peerPath is null ? [] : new Target[] { new(peer!, () => measure(peerPath)) },
                new("imaged", () => measure(served.Path))];

        Measurement[] sequential = Measurement.Interleave(
            Rounds,
            Both(path => Work.Cold(() => Work.Sequential(path, direct: false, Work.MixedLength), path)));
        report.Table($"{format}, served as a file, sequential", "MB/s", sequential);
        Measurement[] random = Measurement.Interleave(
            Rounds, Both(path => Work.Random(path, 1, Work.MixedLength)));
        report.Table($"{format}, served as a file, random 4 KiB, O_DIRECT", "requests/s", random);
        if (goal > 0)
        {
            report.Goal($"sequential, imaged / {peer}", sequential[^1].Median / sequential[0].Median, goal);
            report.Goal($"random, imaged / {peer}", random[^1].Median / random[0].Median, 1);
            report.Line(string.Empty);
        }
    }
}
