using System.Globalization;
using System.Text;
using Imaged.TestKit;

namespace Imaged.Bench;

/// <summary>The results of one row as Markdown: kept in <c>out/bench</c>, put together in
/// <c>docs/performance.md</c>.</summary>
internal sealed class Report
{
    private const string AnchorStart = "<a id=\"";
    private static readonly string Folder = Path.Combine(Samples.Tree, "out", "bench");
    private readonly string _name;
    private readonly StringBuilder _text = new();

    public Report(string name)
    {
        _name = name;
        Line(Anchor(name));
    }

    /// <summary>Puts all rows that were ever measured into the document, with its head and the notes to them. Those
    /// that were not measured in this tree stay as they are there.</summary>
    public static void Assemble(IEnumerable<string> names)
    {
        string source = Path.Combine(Samples.Tree, "tests", "bench", "text");
        string document = Path.Combine(Samples.Tree, "docs", "performance.md");
        string before = File.ReadAllText(document);
        StringBuilder text = new(File.ReadAllText(Path.Combine(source, "head.md")));
        foreach (string name in names)
        {
            string measured = Path.Combine(Folder, name + ".md");
            string note = Path.Combine(source, name + ".md");
            if (File.Exists(measured))
            {
                text.Append('\n').Append(File.ReadAllText(measured));
                text.Append(File.Exists(note) ? "\n" + File.ReadAllText(note) : string.Empty);
            }
            else if (before.IndexOf(Anchor(name), StringComparison.Ordinal) is var at and >= 0)
            {
                int next = before.IndexOf(AnchorStart, at + 1, StringComparison.Ordinal);
                text.Append('\n').Append(before[at..(next < 0 ? before.Length : next)].TrimEnd()).Append('\n');
            }
        }

        File.WriteAllText(document, text.ToString());
    }

    /// <summary>A table; ratios are to the first target.</summary>
    public void Table(string title, string unit, IReadOnlyList<Measurement> measurements)
    {
        Line($"## {title}");
        Line(string.Empty);
        Line($"| {unit} | median | least | most | ratio |");
        Line("|---|---:|---:|---:|---:|");
        double first = measurements[0].Median;
        foreach (Measurement m in measurements)
        {
            Line($"| {m.Name} | {Number(m.Median)} | {Number(m.Values.Min())} | {Number(m.Values.Max())} | "
                + $"{(m.Median / first).ToString("F2", CultureInfo.InvariantCulture)} |");
        }

        Line(string.Empty);
    }

    /// <summary>A goal and whether it was reached.</summary>
    public void Goal(string what, double measured, double limit, bool atMost = false)
    {
        bool met = atMost ? measured <= limit : measured >= limit;
        Line($"- {what}: {Number(measured)} (goal: {(atMost ? "at most" : "at least")} {Number(limit)}, "
            + $"{(met ? "met" : "**missed**")})");
    }

    /// <summary>A line of text.</summary>
    public void Line(string line)
    {
        Console.WriteLine(line);
        _text.Append(line).Append('\n');
    }

    /// <summary>Keeps the results.</summary>
    public void Save()
    {
        Directory.CreateDirectory(Folder);
        File.WriteAllText(Path.Combine(Folder, _name + ".md"), _text.ToString());
    }

    private static string Anchor(string name) => $"{AnchorStart}{name}\"></a>";

    private static string Number(double value) =>
        value.ToString(value >= 100 ? "N0" : value >= 10 ? "F1" : "F2", CultureInfo.InvariantCulture);
}
