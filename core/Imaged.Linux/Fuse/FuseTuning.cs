using System.Globalization;

namespace Imaged.Linux.Fuse;

/// <summary>What the kernel lets one tune and watch of a mounted connection.</summary>
public static class FuseTuning
{
    /// <summary>Read-ahead that makes sequential reads come in requests of 1 MiB.</summary>
    public const int RecommendedReadAheadKib = 1024;

    /// <summary>Sets the read-ahead of a mount. The kernel begins with 128 KiB, and INIT can only lower it.</summary>
    /// <param name="major">Major number of the mount's device (<c>st_dev</c>, or the third field of
    /// <c>/proc/self/mountinfo</c>).</param>
    /// <param name="minor">Minor number.</param>
    /// <param name="kib">Read-ahead in KiB.</param>
    public static void SetReadAhead(uint major, uint minor, int kib) => File.WriteAllText(
        string.Create(CultureInfo.InvariantCulture, $"/sys/class/bdi/{major}:{minor}/read_ahead_kb"),
        kib.ToString(CultureInfo.InvariantCulture));

    /// <summary>Aborts a connection: whoever waits for it gets an error at once, and so does every later call until it
    /// is unmounted. Needs fusectl mounted on <c>/sys/fs/fuse/connections</c>.</summary>
    /// <param name="minor">Minor number of the mount's device.</param>
    public static void Abort(uint minor) => File.WriteAllText(Connection(minor, "abort"), "1");

    /// <summary>Number of requests that wait for an answer.</summary>
    /// <param name="minor">Minor number of the mount's device.</param>
    public static int Waiting(uint minor) =>
        int.Parse(File.ReadAllText(Connection(minor, "waiting")).Trim(), CultureInfo.InvariantCulture);

    private static string Connection(uint minor, string name) =>
        string.Create(CultureInfo.InvariantCulture, $"/sys/fs/fuse/connections/{minor}/{name}");
}
