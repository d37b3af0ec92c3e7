using Imaged.E2e;
using Imaged.TestKit;

namespace Imaged.Bench.Rows;

/// <summary>From the command to the first byte of a compressed image of 4 GiB.</summary>
internal sealed class FirstByteRow : IRow
{
    private const int Rounds = 11;

    public string Name => "first-byte";

    public void Run(Report report)
    {
        // Numbers compress quickly; only the length of the tables matters here.
        const string Numbers = "{ seq 1000000000 || true; } | head -c 4294967296";
        string raw = Work.Made("numbers.raw", path => Tool.Shell($"{Numbers} > '{path}'"));
        string[] images =
        [
            Compressed.Image(raw, ".qcow2", "qemu-img convert -c -m 8 -W -f raw -O qcow2 {raw} {image}"),
            Compressed.Image(
                raw, ".vmdk", "qemu-img convert -f raw -O vmdk -o subformat=streamOptimized {raw} {image}"),
            Compressed.Image(raw, ".E01", "ewfacquire -u -q -f encase6 -c fast -S 4GiB -t {stem} {raw}"),
        ];
        Target[] targets = [.. images.Select(image => new Target(Path.GetExtension(image)[1..], () => First(image)))];
        Array.ForEach(images, Work.Warm);
        Measurement[] measured =
            Measurement.Interleave(Rounds, [new("nothing but head", () => First("/dev/null")), .. targets]);
        report.Table("From the command to the first byte of 4 GiB", "ms", measured);
        foreach (Measurement one in measured.Skip(1))
        {
            report.Goal($"{one.Name}, ms", one.Median - measured[0].Median, 100, atMost: true);
        }
    }

    private static double First(string image)
    {
        string command = image == "/dev/null"
            ? "head -c 1 /dev/zero"
            : $"{{ '{Programs.Control}' -q convert '{image}' - 2>/dev/null || true; }} | head -c 1";
        return Work.Time(() => Tool.Shell($"test \"$({command} | wc -c)\" = 1")) * 1000;
    }
}
