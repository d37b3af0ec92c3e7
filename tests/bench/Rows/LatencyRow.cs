using Imaged.E2e;
using Imaged.TestKit;

namespace Imaged.Bench.Rows;

/// <summary>What a person waits for at the prompt.</summary>
internal sealed class LatencyRow : IRow
{
    private const int Rounds = 25;

    public string Name => "latency";

    public void Run(Report report)
    {
        using PrivateSystem system = PrivateSystem.Start();
        string image = system.Sample("demo.iso");
        string ours = Directory.CreateDirectory(system["ours"]).FullName;
        string peer = Directory.CreateDirectory(system["peer"]).FullName;
        string loop = Directory.CreateDirectory(system["loop"]).FullName;
        string ext2 = system.Sample("ext2.img.xz");

        // The time of the shell and of ls is in all of them alike.
        Dictionary<string, string> none = new() { ["IMAGED_SOCKET"] = system.Socket };
        double Milliseconds(string script)
        {
            double seconds = Work.Time(() =>
            {
                using RunningCommand command = RunningCommand.Start("/bin/sh", ["-ec", script], none, null);
                command.Finish().Succeeds();
            });
            return seconds * 1000;
        }

        Measurement[] mount = Measurement.Interleave(
            Rounds,
            new("nothing but ls", () => Milliseconds($"ls {ours}")),
            new("imagectl mount", () =>
            {
                double time = Milliseconds($"{Programs.Control} mount {image} {ours} && ls {ours}");
                system.Run("umount", ours).Succeeds();
                return time;
            }),
            new("fuseiso", () =>
            {
                double time = Milliseconds($"fuseiso {image} {peer} && ls {peer}");
                Tool.Run("umount", peer);
                return time;
            }),
            new("mount -o loop (ext2)", () =>
            {
                double time = Milliseconds($"mount -o loop,ro {ext2} {loop} && ls {loop}");
                Tool.Run("umount", loop);
                return time;
            }));
        report.Table("From the command to a listed tree", "ms", mount);
        report.Goal("imagectl mount, without the shell and ls", mount[1].Median - mount[0].Median, 30, atMost: true);

        Measurement[] list = Measurement.Interleave(
            Rounds,
            new("true", () => Milliseconds("/bin/true")),
            new("imagectl list", () => Milliseconds($"{Programs.Control} list")),
            new("imagectl --help", () => Milliseconds($"{Programs.Control} --help")));
        report.Table("Small commands", "ms", list);
        report.Goal("imagectl list, without the shell", list[1].Median - list[0].Median, 20, atMost: true);
    }
}
