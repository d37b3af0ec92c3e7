using System.Globalization;

namespace Imaged.Cli.Hosting;

/// <summary>Which of several backups of one source are kept: of each of the last days, weeks, months and years that
/// have one the newest, and the newest ones whatever their age.</summary>
internal sealed class Retention
{
    private const string Prefix = "keep-";

    private static readonly Dictionary<string, Func<DateTime, object>> Periods = new(StringComparer.Ordinal)
    {
        ["last"] = _ => new object(), // each one
        ["hourly"] = time => (time.Date, time.Hour),
        ["daily"] = time => time.Date,
        ["weekly"] = time => (ISOWeek.GetYear(time), ISOWeek.GetWeekOfYear(time)),
        ["monthly"] = time => (time.Year, time.Month),
        ["yearly"] = time => time.Year,
    };

    private readonly List<(Func<DateTime, object> Period, int Count)> _rules = [];

    /// <summary>Reads rules: <c>daily=7,weekly=4</c>, each also with <c>keep-</c> before it.</summary>
    /// <exception cref="CliException">They make no sense, or keep nothing.</exception>
    public Retention(string text)
    {
        foreach (string rule in text.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = rule.Split('=');
            string name =
                parts[0].StartsWith(Prefix, StringComparison.Ordinal) ? parts[0][Prefix.Length..] : parts[0];
            if (parts.Length != 2 || !Periods.TryGetValue(name, out Func<DateTime, object>? period)
                || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int count))
            {
                throw new CliException(
                    ExitCode.Usage,
                    $"'{rule}' is no rule: write a number behind {string.Join(", ", Periods.Keys)}, as in daily=7");
            }

            _rules.Add((period, count));
        }

        if (_rules.All(rule => rule.Count == 0))
        {
            throw new CliException(ExitCode.Usage, $"'{text}' would keep no backup at all");
        }
    }

    /// <summary>The items to keep.</summary>
    /// <param name="items">Backups of one source; of those of the same time the last one is the newest.</param>
    /// <param name="timeOf">Local time of one.</param>
    public HashSet<T> Choose<T>(IEnumerable<T> items, Func<T, DateTime> timeOf)
    {
        T[] newestFirst = [.. items.Reverse().OrderByDescending(timeOf)];
        HashSet<T> kept = [];
        foreach ((Func<DateTime, object> period, int count) in _rules)
        {
            kept.UnionWith(newestFirst.DistinctBy(item => period(timeOf(item))).Take(count));
        }

        return kept;
    }
}
