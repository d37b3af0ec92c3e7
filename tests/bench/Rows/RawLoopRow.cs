using Imaged.E2e;

namespace Imaged.Bench.Rows;

/// <summary>A raw image attached by loop, read directly, against the plain file.</summary>
internal sealed class RawLoopRow : IRow
{
    public string Name => "raw-loop";

    public void Run(Report report)
    {
        using PrivateSystem system = PrivateSystem.Start();
        string file = Work.BigFile();
        string device = system.Run("attach", file).Succeeds().Output.Split('\n')[0];
        Measurement[] measured = Measurement.Interleave(
            7,
            new("plain file", () => Work.Sequential(file, direct: true)),
            new("plain file, again", () => Work.Sequential(file, direct: true)),
            new("imagectl attach", () => Work.Sequential(device, direct: true)));
        system.Run("detach", device).Succeeds();
        report.Table("A raw image as a device, sequential, O_DIRECT", "MB/s", measured);
        report.Goal("device / plain file", measured[2].Median / measured[0].Median, 0.95);
    }
}
