using System.Globalization;
using Imaged.E2e;

namespace Imaged.Bench.Rows;

/// <summary>Resident memory.</summary>
internal sealed class MemoryRow : IRow
{
    public string Name => "memory";

    /// <summary>Resident memory of a process in MB, and how much of it is its own.</summary>
    public static (double All, double Own) Resident(int process)
    {
        string[] status = File.ReadAllLines($"/proc/{process.ToString(CultureInfo.InvariantCulture)}/status");
        double Megabytes(string name) => double.Parse(
            status.First(line => line.StartsWith(name + ":", StringComparison.Ordinal))
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2].Split('\t')[^1],
            CultureInfo.InvariantCulture) * 1024 / 1e6;
        return (Megabytes("VmRSS"), Megabytes("RssAnon"));
    }

    public void Run(Report report)
    {
        using PrivateSystem system = PrivateSystem.Start();
        (double daemon, double daemonOwn) = Resident(system.DaemonPid);
        string directory = system.Mount(system.Sample("demo.iso"), "--as", "tree");
        (double worker, double workerOwn) = Resident(PrivateSystem.Workers[0]);
        (double serving, _) = Resident(system.DaemonPid);
        system.Run("umount", directory).Succeeds();
        report.Line("## Memory");
        report.Line(string.Empty);
        report.Goal($"idle daemon, MB resident ({daemonOwn:F1} of them not its program file)", daemon, 25, true);
        report.Goal(
            $"worker of a mounted disc, MB resident ({workerOwn:F1} of them not its program file)", worker, 15, true);
        report.Line($"- daemon with one image mounted: {serving.ToString("F1", CultureInfo.InvariantCulture)} MB");
    }
}
