using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace Imaged.TestKit;

/// <summary>Reads the exposition format of Prometheus as strictly as <c>promtool check metrics</c>: HELP and TYPE
/// before the samples of each metric, which stand together; names, labels, escapes and values by the grammar; no sample
/// twice; counters named <c>_total</c>, and nothing else.</summary>
public static partial class PrometheusText
{
    /// <summary>The samples by name and labels, as they stand.</summary>
    public static Dictionary<string, double> Parse(string text)
    {
        Assert.EndsWith("\n", text, StringComparison.Ordinal);
        Dictionary<string, double> samples = [];
        HashSet<string> metrics = [];
        string? name = null;
        string? type = null;
        foreach (string line in text[..^1].Split('\n'))
        {
            if (Help().Match(line) is { Success: true } help)
            {
                name = help.Groups[1].Value;
                type = null;
                Assert.True(metrics.Add(name), $"{name} is there twice");
                Assert.DoesNotMatch(@"\\[^\\n]", help.Groups[2].Value);
                continue;
            }

            if (Kind().Match(line) is { Success: true } kind)
            {
                Assert.Equal(name, kind.Groups[1].Value);
                Assert.Null(type);
                type = kind.Groups[2].Value;
                Assert.Equal(type == "counter", name!.EndsWith("_total", StringComparison.Ordinal));
                continue;
            }

            Match sample = Sample().Match(line);
            Assert.True(sample.Success, line);
            Assert.Equal(name, sample.Groups["name"].Value);
            Assert.NotNull(type);
            string[] labels = [.. sample.Groups["label"].Captures.Select(capture => capture.Value)];
            Assert.Equal(labels.Distinct(), labels);
            double value = double.Parse(sample.Groups["value"].Value, NumberStyles.Float, CultureInfo.InvariantCulture);
            Assert.True(type != "counter" || value >= 0, line);
            Assert.True(samples.TryAdd(line[..line.LastIndexOf(' ')], value), line);
        }

        return samples;
    }

    [GeneratedRegex(@"^# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (\S.*)$")]
    private static partial Regex Help();

    [GeneratedRegex("^# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge)$")]
    private static partial Regex Kind();

    [GeneratedRegex(
        @"^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)"
        + @"(\{((?<label>[a-zA-Z_][a-zA-Z0-9_]*)=""([^""\\]|\\[\\n""])*""(,|(?=\})))+\})?"
        + @" (?<value>-?([0-9]+(\.[0-9]+)?(E[+-]?[0-9]+)?))$")]
    private static partial Regex Sample();
}
