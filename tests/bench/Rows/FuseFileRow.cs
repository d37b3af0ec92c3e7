using Imaged.E2e;

namespace Imaged.Bench.Rows;

/// <summary>The file that the worker serves for an image that has to be decoded, against the plain file and
/// qemu-storage-daemon's FUSE export of it.</summary>
internal sealed class FuseFileRow : IRow
{
    public string Name => "fuse-file";

    public void Run(Report report)
    {
        using PrivateSystem system = PrivateSystem.Start();
        string file = Work.BigFile();
        using ServedFile served = new(file, system["served"]);
        using QemuExport qemu = new(file, system["qemu"]);
        Measurement[] cold = Measurement.Interleave(
            7,
            new("plain file", () => Work.Cold(() => Work.Sequential(file, false), file)),
            new("plain file, again", () => Work.Cold(() => Work.Sequential(file, false), file)),
            new("imaged", () => Work.Cold(() => Work.Sequential(served.Path, false), served.Path, file)),
            new("qemu-storage-daemon", () => Work.Cold(() => Work.Sequential(qemu.Path, false), qemu.Path, file)));
        report.Table("A file through FUSE, cold, sequential", "MB/s", cold);
        report.Goal("imaged / plain file", cold[2].Median / cold[0].Median, 0.9);

        Work.Warm(file);
        Measurement[] hot = Measurement.Interleave(
            7,
            new("qemu-storage-daemon", () => Work.Sequential(qemu.Path, false)),
            new("qemu-storage-daemon, again", () => Work.Sequential(qemu.Path, false)),
            new("imaged", () => Work.Sequential(served.Path, false)));
        report.Table("The same, hot: the image in the page cache, sequential", "MB/s", hot);
        report.Goal("imaged / qemu-storage-daemon", hot[2].Median / hot[0].Median, 2);

        foreach (int depth in new[] { 1, 32 })
        {
            Measurement[] random = Measurement.Interleave(
                5,
                new("qemu-storage-daemon", () => Work.Random(qemu.Path, depth)),
                new("qemu-storage-daemon, again", () => Work.Random(qemu.Path, depth)),
                new("imaged", () => Work.Random(served.Path, depth)));
            report.Table($"The same, hot: random 4 KiB, O_DIRECT, depth {depth}", "requests/s", random);
            if (depth == 32)
            {
                report.Goal("imaged / qemu-storage-daemon", random[2].Median / random[0].Median, 3);
            }
        }
    }
}
