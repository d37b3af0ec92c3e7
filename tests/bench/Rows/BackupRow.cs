using System.Globalization;
using Imaged.E2e;
using Imaged.TestKit;

namespace Imaged.Bench.Rows;

/// <summary>An ext4 volume of 8 GiB, half full, saved and written back, against the programs that a user would take
/// instead. All of it on the same disk; the source is a loop device that is read past the page cache.</summary>
internal sealed class BackupRow : IRow
{
    private const int Rounds = 3;
    private const long VolumeLength = 8L << 30;
    private const long MadeOf = 1600L << 20;

    private static readonly (string Name, string File, string Command)[] Savers =
    [
        ("partclone.ext4, zstd -T0 -1", "p.zst",
            "partclone.ext4 -c -s {dev} -o - -L /dev/null 2>/dev/null | zstd -q -T0 -1 -f -o {out}/p.zst"),
        ("qemu-img convert -c, zstd", "q.qcow2",
            "qemu-img convert -c -O qcow2 -o compression_type=zstd {dev} {out}/q.qcow2"),
        ("fsarchiver -j2 -Z1", "f.fsa", "fsarchiver savefs -o -j2 -Z1 {out}/f.fsa {dev} >/dev/null 2>&1"),
        ("imagectl backup, read again", "c.qcow2", "{imagectl} -q backup -f {dev} {out}/c.qcow2 >/dev/null"),
        ("imagectl backup --no-check", "i.qcow2",
            "{imagectl} -q backup -f --no-check {dev} {out}/i.qcow2 >/dev/null"),
    ];

    private static readonly (string Name, string Command)[] Restorers =
    [
        ("zstd, partclone.ext4 -r",
            "zstd -q -dc {out}/p.zst | partclone.ext4 -r -s - -o {dev} -L /dev/null 2>/dev/null"),
        ("qemu-img convert -n", "qemu-img convert -n -O raw {out}/q.qcow2 {dev}"),
        ("imagectl restore, read back", "{imagectl} -q restore -f {out}/i.qcow2 {dev} >/dev/null"),
        ("imagectl restore --no-check", "{imagectl} -q restore -f --no-check {out}/i.qcow2 {dev} >/dev/null"),
    ];

    public string Name => "backup";

    public void Run(Report report)
    {
        string volume = Work.Made("backup.ext4", Make);
        string folder = Directory.CreateDirectory(Path.Combine(Path.GetDirectoryName(volume)!, "backup")).FullName;
        string device = Tool.Run("losetup", "-f", "--show", "--direct-io=on", volume).Text.Trim();
        try
        {
            Save(report, device, folder);
            SaveAgain(report, device, folder);
            ReadDevice(report, device);
            Restore(report, device, folder);
        }
        finally
        {
            Tool.Run("losetup", "-d", device);
            Directory.Delete(folder, recursive: true);
            File.Delete(volume); // it was written to
        }
    }

    // Programs, documents and data of this machine twice, and a fifth of what does not compress.
    private static void Make(string path) => Tool.Shell(
        $"truncate -s {VolumeLength} '{path}'; mkfs.ext4 -q -F '{path}'; at=$(mktemp -d); "
        + $"mount -o loop '{path}' $at; mkdir $at/a $at/b; head -c 800M /dev/urandom >$at/random; "
        + $"for to in a b; do {{ tar c -C / usr/lib usr/share usr/bin 2>/dev/null || true; }} "
        + $"| head -c {MadeOf} | tar x -C $at/$to 2>/dev/null || true; done; umount $at; rmdir $at");

    private static string Expand(string command, string device, string folder) => command
        .Replace("{dev}", device, StringComparison.Ordinal)
        .Replace("{out}", folder, StringComparison.Ordinal)
        .Replace("{imagectl}", Programs.Control, StringComparison.Ordinal);

    private static double Time(string command, string device, string folder)
    {
        Tool.Shell("sync; echo 3 >/proc/sys/vm/drop_caches");
        return Work.Time(() => Tool.Shell(Expand(command, device, folder) + $"; sync -f '{folder}'"));
    }

    private static void Save(Report report, string device, string folder)
    {
        Target[] targets =
        [
            .. Savers.Select(saver => new Target(saver.Name, () =>
            {
                File.Delete(Path.Combine(folder, saver.File));
                return Time(saver.Command, device, folder);
            })),
        ];
        Measurement[] measured = Measurement.Interleave(Rounds, targets);
        report.Table("ext4 of 8 GiB, half full, saved", "seconds", measured);
        report.Line("| file | MB |");
        report.Line("|---|---:|");
        long[] sizes = [.. Savers.Select(saver => new FileInfo(Path.Combine(folder, saver.File)).Length)];
        for (int i = 0; i < sizes.Length; i++)
        {
            report.Line(string.Create(CultureInfo.InvariantCulture, $"| {Savers[i].Name} | {sizes[i] / 1e6:F0} |"));
        }

        report.Line(string.Empty);
        report.Goal(
            "time / fastest other", measured[^1].Median / measured[..3].Min(m => m.Median), 0.8, atMost: true);
        report.Goal("size / smallest other", (double)sizes[^1] / sizes[..3].Min(), 1.05, atMost: true);
        report.Goal(
            "memory of imagectl and worker, MB",
            MemoryOf(Expand(Savers[^1].Command, device, folder)), 200, atMost: true);
        report.Line(string.Empty);
    }

    // Kilobytes of the largest process, as GNU time has them.
    private static double MemoryOf(string command) => double.Parse(
        Tool.Shell($"exec 3>&1; \\time -f %M -o /dev/fd/3 bash -c '{command}'").Text,
        CultureInfo.InvariantCulture) / 1e3;

    private static void SaveAgain(Report report, string device, string folder)
    {
        double used = double.Parse(
            Tool.Shell($"dumpe2fs -h {device} 2>/dev/null "
                + "| awk '/^Block count/ {n=$3} /^Free blocks/ {f=$3} /^Block size/ {s=$3} END {print (n-f)*s}'").Text,
            CultureInfo.InvariantCulture);

        // A fifth of it does not compress, as of the whole volume.
        long changed = (long)(used / 100);
        Tool.Shell(
            $"at=$(mktemp -d); mount {device} $at; {{ head -c {changed / 5} /dev/urandom; "
            + $"{{ tar c -C / usr/lib usr/share usr/bin 2>/dev/null || true; }} | tail -c +{MadeOf} "
            + $"| head -c {changed * 4 / 5} || true; }} "
            + "| dd of=$at/random conv=notrunc bs=1M iflag=fullblock status=none; umount $at; rmdir $at");
        const string Command = "rm -f {out}/2.qcow2; "
            + "{imagectl} -q backup --no-check {dev} {out}/2.qcow2 --since {out}/i.qcow2 >/dev/null";
        long pieces = (long)(used / (4 << 20));
        Measurement[] measured = Measurement.Interleave(
            Rounds,
            new Target(
                "dd, as much as is in use",
                () => Time(
                    $"dd if={{dev}} iflag=direct bs=4M count={pieces} of=/dev/null status=none", device, folder)),
            new Target("imagectl backup --since --no-check", () => Time(Command, device, folder)));
        report.Table("The same with a hundredth changed, saved as an increment", "seconds", measured);
        report.Goal("time / reading what is in use", measured[1].Median / measured[0].Median, 1, atMost: true);
        report.Goal(
            "size / first backup",
            (double)new FileInfo(Path.Combine(folder, "2.qcow2")).Length
                / new FileInfo(Path.Combine(folder, "i.qcow2")).Length,
            0.02,
            atMost: true);
        report.Line(string.Empty);
    }

    // What convert reads of the device is what a backup reads.
    private static void ReadDevice(Report report, string device)
    {
        const long Length = 2L << 30;
        double Rate(string command) => Length / Time(command, device, "/tmp") / 1e6;
        Measurement[] measured = Measurement.Interleave(
            Rounds,
            new Target(
                "dd iflag=direct bs=4M",
                () => Rate("dd if={dev} iflag=direct bs=4M count=512 of=/dev/null status=none")),
            new Target(
                "imagectl", () => Rate("{imagectl} -q convert --size 2G --format raw {dev} - >/dev/null")));
        report.Table("A device read past the page cache", "MB/s", measured);
        report.Goal("imagectl / dd", measured[1].Median / measured[0].Median, 0.95);
        report.Line(string.Empty);
    }

    private static void Restore(Report report, string device, string folder)
    {
        Measurement[] measured = Measurement.Interleave(
            Rounds, [.. Restorers.Select(r => new Target(r.Name, () => Time(r.Command, device, folder)))]);
        report.Table("The same written back", "seconds", measured);
        report.Goal(
            "time / fastest other", measured[^1].Median / measured[..2].Min(m => m.Median), 0.8, atMost: true);
        Tool.Run("e2fsck", "-fn", device);
    }
}
