using System.Globalization;
using Imaged.TestKit;

namespace Imaged.Fuzz;

/// <summary>How long each target has been fuzzed in all, by whoever did it: a file of the tree, with a line for each
/// target of its name, seconds and runs.</summary>
internal static class Ledger
{
    private const char Separator = '\t';

    private static string FilePath => Path.Combine(TreeSamples.Root, "..", "fuzz", "ledger.tsv");

    /// <summary>Seconds and runs of each target so far.</summary>
    public static SortedDictionary<string, (long Seconds, long Runs)> Read()
    {
        SortedDictionary<string, (long Seconds, long Runs)> totals = new(StringComparer.Ordinal);
        foreach (string line in File.Exists(FilePath) ? File.ReadAllLines(FilePath) : [])
        {
            string[] fields = line.Split(Separator);
            totals[fields[0]] = (
                long.Parse(fields[1], CultureInfo.InvariantCulture),
                long.Parse(fields[2], CultureInfo.InvariantCulture));
        }

        return totals;
    }

    /// <summary>Adds a campaign. Not for two at once.</summary>
    public static void Add(string target, long seconds, long runs)
    {
        SortedDictionary<string, (long Seconds, long Runs)> totals = Read();
        (long oldSeconds, long oldRuns) = totals.GetValueOrDefault(target);
        totals[target] = (oldSeconds + seconds, oldRuns + runs);
        File.WriteAllLines(FilePath, totals.Select(total => string.Join(
            Separator,
            total.Key,
            total.Value.Seconds.ToString(CultureInfo.InvariantCulture),
            total.Value.Runs.ToString(CultureInfo.InvariantCulture))));
    }
}
