using Imaged.E2e;

namespace Imaged.Bench.Rows;

/// <summary>Two hundred images at once.</summary>
internal sealed class ManyImagesRow : IRow
{
    private const int Count = 200;

    public string Name => "many-images";

    public void Run(Report report)
    {
        using PrivateSystem system = PrivateSystem.Start();
        byte[] disc = File.ReadAllBytes(system.Sample("demo.iso"));
        List<double> times = [];
        List<string> directories = [];
        for (int i = 0; i < Count; i++)
        {
            string image = system[$"disc-{i:D3}.iso"];
            File.WriteAllBytes(image, disc);
            times.Add(Work.Time(() => directories.Add(system.Mount(image, "--as", "tree"))) * 1000);
        }

        double list = Work.Time(() => system.Run("list").Succeeds()) * 1000;
        double[] workers = [.. PrivateSystem.Workers.Select(worker => MemoryRow.Resident(worker).Own)];
        (double daemon, _) = MemoryRow.Resident(system.DaemonPid);
        double end = Work.Time(() => directories.ForEach(path => system.Run("umount", path).Succeeds())) * 1000;

        report.Line($"## {Count} images mounted at once");
        report.Line(string.Empty);
        report.Line("| | |");
        report.Line("|---|---:|");
        report.Line($"| mounting one, median of the first ten | {new Measurement("", times[..10]).Median:F1} ms |");
        report.Line($"| mounting one, median of the last ten | {new Measurement("", times[^10..]).Median:F1} ms |");
        report.Line($"| unmounting one, mean | {end / Count:F1} ms |");
        report.Line($"| imagectl list of all | {list:F1} ms |");
        report.Line($"| workers | {workers.Length} |");
        report.Line($"| memory of a worker of its own, median | {new Measurement("", workers).Median:F1} MB |");
        report.Line($"| memory of the daemon | {daemon:F1} MB |");
    }
}
