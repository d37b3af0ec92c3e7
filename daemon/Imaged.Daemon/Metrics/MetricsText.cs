using System.Globalization;
using System.Text;

namespace Imaged.Daemon.Metrics;

/// <summary>Text in the exposition format of Prometheus, version 0.0.4.</summary>
internal sealed class MetricsText
{
    private readonly StringBuilder _text = new();
    private string _name = string.Empty;

    /// <summary>Begins a metric that goes up and down.</summary>
    public MetricsText Gauge(string name, string help) => Begin(name, help, "gauge");

    /// <summary>Begins a metric that only goes up.</summary>
    public MetricsText Counter(string name, string help) => Begin(name, help, "counter");

    /// <summary>Adds a sample of the metric begun last.</summary>
    /// <param name="value">Its value.</param>
    /// <param name="labels">Its labels.</param>
    public MetricsText Sample(double value, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        _text.Append(_name);
        string before = "{";
        foreach ((string name, string label) in labels)
        {
            _text.Append(before).Append(name).Append("=\"").Append(Escape(label, quotes: true)).Append('"');
            before = ",";
        }

        _text.Append(labels.Length > 0 ? "} " : " ");
        _text.Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
        return this;
    }

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();

    private static string Escape(string text, bool quotes)
    {
        string escaped = text.Replace("\\", "\\\\", StringComparison.Ordinal)
            .Replace("\n", "\\n", StringComparison.Ordinal);
        return quotes ? escaped.Replace("\"", "\\\"", StringComparison.Ordinal) : escaped;
    }

    private MetricsText Begin(string name, string help, string type)
    {
        _name = name;
        _text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {Escape(help, quotes: false)}\n");
        _text.Append(CultureInfo.InvariantCulture, $"# TYPE {name} {type}\n");
        return this;
    }
}
