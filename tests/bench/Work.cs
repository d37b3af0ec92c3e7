using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Imaged.TestKit;

namespace Imaged.Bench;

/// <summary>The loads that are measured.</summary>
internal static class Work
{
    /// <summary>Length of the big file in bytes.</summary>
    public const long BigLength = 1L << 30;

    /// <summary>A file of random bytes, made once.</summary>
    public static string BigFile()
    {
        string folder = Directory.CreateDirectory(Path.Combine(Samples.Tree, "out", "bench")).FullName;
        string path = Path.Combine(folder, "big.bin");
        if (!File.Exists(path) || new FileInfo(path).Length != BigLength)
        {
            Tool.Shell($"head -c {BigLength} /dev/urandom > '{path}'; sync '{path}'");
        }

        return path;
    }

    /// <summary>Sequential reads of 1 MiB, MB/s.</summary>
    /// <param name="path">File or device.</param>
    /// <param name="direct">Past the page cache.</param>
    public static double Sequential(string path, bool direct) =>
        Fio(path, "--rw=read", "--bs=1M", direct ? "--direct=1" : "--invalidate=1") / 1e6;

    /// <summary>Random direct reads of 4 KiB, requests per second.</summary>
    public static double Random(string path, int depth) => Fio(
        path, "--rw=randread", "--bs=4k", "--direct=1", "--norandommap", "--time_based", "--runtime=2",
        depth == 1 ? "--ioengine=psync" : "--ioengine=libaio", $"--iodepth={depth}") / 4096;

    /// <summary>Takes files out of the page cache, those in front of them first, then runs.</summary>
    public static double Cold(Func<double> measure, params string[] files)
    {
        foreach (string file in files)
        {
            Tool.Run("dd", $"if={file}", "iflag=nocache", "count=0", "status=none");
        }

        return measure();
    }

    /// <summary>Reads files into the page cache.</summary>
    public static void Warm(string path) => Tool.Run("dd", $"if={path}", "of=/dev/null", "bs=1M", "status=none");

    /// <summary>Seconds that a command takes.</summary>
    public static double Time(Action action)
    {
        Stopwatch clock = Stopwatch.StartNew();
        action();
        return clock.Elapsed.TotalSeconds;
    }

    // Bytes per second.
    private static double Fio(string path, params string[] arguments)
    {
        string output = Tool.Run("fio",
            ["--name=x", $"--filename={path}", "--readonly", "--thread", "--output-format=json",
                $"--size={BigLength.ToString(CultureInfo.InvariantCulture)}", .. arguments]).Text;
        using JsonDocument json = JsonDocument.Parse(output[output.IndexOf('{', StringComparison.Ordinal)..]);
        return json.RootElement.GetProperty("jobs")[0].GetProperty("read").GetProperty("bw_bytes").GetDouble();
    }
}
