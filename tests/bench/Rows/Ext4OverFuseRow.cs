using Imaged.E2e;
using Imaged.TestKit;

namespace Imaged.Bench.Rows;

/// <summary>ext4 mounted by the kernel on a loop device over a FUSE file.</summary>
internal sealed class Ext4OverFuseRow : IRow
{
    public string Name => "ext4-over-fuse";

    public void Run(Report report)
    {
        using PrivateSystem system = PrivateSystem.Start();
        string file = Work.BigFile();
        string tree = Directory.CreateDirectory(system["tree"]).FullName;
        Tool.Run("ln", file, Path.Combine(tree, "big.bin"));
        string image = system["big.img"];
        Tool.Run("mkfs.ext4", "-q", "-F", "-m", "0", "-d", tree, image, "1200M");
        string direct = Directory.CreateDirectory(system["direct"]).FullName;
        string device = Tool.Run("losetup", "-f", "--show", "-r", "--direct-io=on", image).Text.Trim();
        Tool.Run("mount", "-o", "ro", device, direct);
        string over = system.Mount(image, "--via", "fuse", "--as", "kernel");
        try
        {
            string plainInside = Path.Combine(direct, "big.bin");
            string overInside = Path.Combine(over, "big.bin");
            Measurement[] measured = Measurement.Interleave(
                7,
                new("plain file", () => Work.Cold(() => Work.Sequential(file, false), file)),
                new("plain file, again", () => Work.Cold(() => Work.Sequential(file, false), file)),
                new("ext4 on losetup on the image", () =>
                    Work.Cold(() => Work.Sequential(plainInside, false), plainInside, image)),
                new("ext4 on imaged over FUSE", () =>
                    Work.Cold(() => Work.Sequential(overInside, false), overInside, image)));
            report.Table("ext4 on a loop device over FUSE, cold, sequential", "MB/s", measured);
            report.Goal("imaged / plain file", measured[3].Median / measured[0].Median, 0.65);
        }
        finally
        {
            system.Run("umount", over);
            Tool.TryRun("umount", direct);
            Tool.TryRun("losetup", "-d", device);
        }
    }
}
