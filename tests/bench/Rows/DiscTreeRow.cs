using System.Globalization;
using Imaged.E2e;
using Imaged.TestKit;

namespace Imaged.Bench.Rows;

/// <summary>The files of a disc, against fuseiso.</summary>
internal sealed class DiscTreeRow : IRow
{
    private const int Folders = 400;
    private const int FilesPerFolder = 250;

    public string Name => "disc-tree";

    public void Run(Report report)
    {
        using PrivateSystem system = PrivateSystem.Start();
        string image = MakeDisc();
        string peer = Directory.CreateDirectory(system["fuseiso"]).FullName;
        Tool.Run("fuseiso", image, peer);
        string ours = system.Mount(image, "--as", "tree");
        string memory = Directory.CreateDirectory(system["memory"]).FullName;
        Tool.Run("mount", "-t", "tmpfs", "none", memory);
        try
        {
            Tool.Run("cp", "-r", Path.Combine(ours, "many"), memory);
            string peerBig = Path.Combine(peer, "big.bin");
            string ourBig = Path.Combine(ours, "big.bin");
            Work.Warm(image);
            Measurement[] sequential = Measurement.Interleave(
                7,
                new("fuseiso", () => Work.Sequential(peerBig, false)),
                new("fuseiso, again", () => Work.Sequential(peerBig, false)),
                new("imaged", () => Work.Sequential(ourBig, false)));
            report.Table("One big file in a disc, sequential, the image in the page cache", "MB/s", sequential);
            report.Goal("imaged / fuseiso", sequential[2].Median / sequential[0].Median, 3);

            Compare(
                report, "find over 100,000 files", 3, folder => $"find '{folder}/many' | wc -l", peer, ours, memory);
            Compare(
                report, "tar of 100,000 files", 1, folder => $"tar -C '{folder}' -c many | wc -c", peer, ours, memory);
        }
        finally
        {
            system.Run("umount", ours);
            Tool.TryRun("umount", peer);
            Tool.TryRun("umount", memory);
        }
    }

    // Names are dropped before each measurement, so that neither mount has them in the kernel's caches. Those of tmpfs
    // stay: what it takes is the program's own time, and no file system can be faster.
    private static void Compare(
        Report report, string title, double goal, Func<string, string> script, string peer, string ours, string memory)
    {
        double Fresh(string folder)
        {
            Tool.Shell("echo 2 > /proc/sys/vm/drop_caches");
            return Work.Time(() => Tool.Shell(script(folder)));
        }

        Measurement[] measured = Measurement.Interleave(
            5,
            new("fuseiso", () => Fresh(peer)),
            new("fuseiso, again", () => Fresh(peer)),
            new("imaged", () => Fresh(ours)),
            new("the same files in tmpfs", () => Fresh(memory)));
        report.Table(title + ", names not in the kernel's caches", "seconds", measured);
        report.Goal("fuseiso / imaged", measured[0].Median / measured[2].Median, goal);
        double most = measured[0].Median / measured[3].Median;
        string ratio = most.ToString("F2", CultureInfo.InvariantCulture);
        report.Line($"- fuseiso / tmpfs, the most that is possible: {ratio}");
    }

    private static string MakeDisc()
    {
        string image = Path.Combine(Samples.Tree, "out", "bench", "many.iso");
        if (!File.Exists(image))
        {
            using TemporaryFolder folder = new();
            Tool.Shell($"ln -s '{Work.BigFile()}' '{folder.Path}/big.bin'");
            Parallel.For(0, Folders, i =>
            {
                string sub = Directory.CreateDirectory(Path.Combine(folder.Path, "many", $"folder-{i:D3}")).FullName;
                for (int j = 0; j < FilesPerFolder; j++)
                {
                    File.WriteAllText(Path.Combine(sub, $"file-{j:D3}.txt"), $"file {j} of folder {i}\n");
                }
            });
            Tool.Run("genisoimage", "-quiet", "-R", "-f", "-V", "MANY", "-o", image + ".new", folder.Path);
            File.Move(image + ".new", image);
        }

        return image;
    }
}
