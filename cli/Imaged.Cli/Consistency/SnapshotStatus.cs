using System.Globalization;

namespace Imaged.Cli.Consistency;

/// <summary>What the device mapper says of a snapshot or a pool (dmsetup(8), status).</summary>
internal static class SnapshotStatus
{
    /// <summary>Whether a snapshot does not show any more what it did: it is full, or its pool has failed.</summary>
    /// <param name="status">The line of the snapshot.</param>
    public static bool IsLost(string status)
    {
        string[] words = Words(status);
        return words.Length < 4 || words[2] switch
        {
            "snapshot" => !words[3].Contains('/', StringComparison.Ordinal), // else a word for what is wrong
            "thin" => words[3] is "Fail" or "Error",
            _ => true,
        };
    }

    /// <summary>How full a pool is, data or metadata, whichever is fuller: 0 to 100; null when it cannot be
    /// told.</summary>
    /// <param name="status">The line of the pool.</param>
    public static int? PercentOfPool(string status)
    {
        // START LENGTH thin-pool TRANSACTION USED/ALL USED/ALL ...
        string[] words = Words(status);
        return words.Length >= 6 && words[2] == "thin-pool" && Percent(words[4]) is { } metadata
            && Percent(words[5]) is { } data
            ? Math.Max(metadata, data)
            : null;
    }

    private static int? Percent(string fraction)
    {
        string[] parts = fraction.Split('/');
        return parts.Length == 2
            && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out long used)
            && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out long all)
            && all > 0 && used <= all
            ? (int)(used * 100.0 / all)
            : null;
    }

    private static string[] Words(string status) =>
        status.Trim().Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
