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

    /// <summary>Length of the disk of <see cref="MixedDisk"/> in bytes.</summary>
    public const long MixedLength = 128 << 20;

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

    /// <summary>A disk of programs, documents and data of this machine, which compresses as such things do.</summary>
    public static string MixedDisk() => Made(
        "mixed.raw",
        path => Tool.Shell(
            $"{{ tar c -C / usr/lib usr/bin usr/share 2>/dev/null || true; }} | head -c {MixedLength} > '{path}'"));

    /// <summary>A file in the folder of the bench that is made once.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="make">Makes it under another name, so that it is never half there.</param>
    public static string Made(string name, Action<string> make)
    {
        string folder = Directory.CreateDirectory(Path.Combine(Samples.Tree, "out", "bench")).FullName;
        string path = Path.Combine(folder, name);
        if (!File.Exists(path))
        {
            string part = Path.Combine(folder, "part-" + name);
            make(part);
            File.Move(part, path, overwrite: true);
        }

        return path;
    }

    /// <summary>Sequential reads of 1 MiB, MB/s.</summary>
    /// <param name="path">File or device.</param>
    /// <param name="direct">Past the page cache.</param>
    /// <param name="length">How much of it, in bytes.</param>
    public static double Sequential(string path, bool direct, long length = BigLength) =>
        Fio(path, length, "--rw=read", "--bs=1M", direct ? "--direct=1" : "--invalidate=1") / 1e6;

    /// <summary>Random direct reads of 4 KiB, requests per second.</summary>
    public static double Random(string path, int depth, long length = BigLength) => Fio(
        path, length, "--rw=randread", "--bs=4k", "--direct=1", "--norandommap", "--time_based", "--runtime=2",
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
    private static double Fio(string path, long length, params string[] arguments)
    {
        string output = Tool.Run("fio",
            ["--name=x", $"--filename={path}", "--readonly", "--thread", "--output-format=json",
                $"--size={length.ToString(CultureInfo.InvariantCulture)}", .. arguments]).Text;
        using JsonDocument json = JsonDocument.Parse(output[output.IndexOf('{', StringComparison.Ordinal)..]);
        return json.RootElement.GetProperty("jobs")[0].GetProperty("read").GetProperty("bw_bytes").GetDouble();
    }
}
