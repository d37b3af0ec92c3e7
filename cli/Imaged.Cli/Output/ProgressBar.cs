using System.Diagnostics;
using System.Globalization;
using System.Text;
using Imaged.Ipc.Contract;
using Imaged.Linux;

namespace Imaged.Cli.Output;

/// <summary>Shows how far a long call is, on standard error and only on a terminal.</summary>
internal sealed class ProgressBar : IDisposable
{
    private static readonly long Interval = Stopwatch.Frequency / 10;

    private readonly bool _shown;
    private readonly long _start = Stopwatch.GetTimestamp();
    private long _next;
    private bool _drawn;

    public ProgressBar(Printer printer)
    {
        _shown = !printer.Quiet && StandardStream.Error.IsTerminal;
    }

    /// <summary>Shows a level, at most ten times a second.</summary>
    public void Show(Progress progress)
    {
        long now = Stopwatch.GetTimestamp();
        if (!_shown || now < _next)
        {
            return;
        }

        _next = now + Interval;
        double seconds = (now - _start) / (double)Stopwatch.Frequency;
        Draw(Line(progress, seconds, StandardStream.Error.Columns));
    }

    /// <summary>Clears the line, so that messages and the shell's prompt begin at its start.</summary>
    public void Dispose()
    {
        if (_drawn)
        {
            Draw(string.Empty);
        }
    }

    /// <summary>One line: phase, bar, share, amount and how long it may still take.</summary>
    internal static string Line(Progress progress, double seconds, int columns)
    {
        string phase = SafeText.Sentence(progress.Phase);
        if (progress.Total <= 0)
        {
            return Cut($"{phase}  {HumanSize.Of(progress.Done)}", columns);
        }

        double share = Math.Clamp(progress.Done / (double)progress.Total, 0, 1);
        string left = seconds >= 2 && share is > 0.005 and < 1
            ? "  " + Duration(seconds / share * (1 - share)) + " left"
            : string.Empty;
        string amount = string.Create(
            CultureInfo.InvariantCulture,
            $" {(int)(share * 100),3}%  {HumanSize.Of(progress.Done)} of {HumanSize.Of(progress.Total)}{left}");
        int width = Math.Min(30, columns - phase.Length - amount.Length - 4);
        string bar = width >= 5
            ? " [" + new string('#', (int)(share * width)).PadRight(width, '.') + "]"
            : string.Empty;
        return Cut(phase + bar + amount, columns);
    }

    private static string Cut(string line, int columns) =>
        line.Length < columns ? line : line[..Math.Max(0, columns - 1)];

    private static string Duration(double seconds) => seconds < 3600
        ? string.Create(CultureInfo.InvariantCulture, $"{(int)seconds / 60}:{(int)seconds % 60:00}")
        : string.Create(CultureInfo.InvariantCulture, $"{(int)Math.Min(seconds / 3600, 999)} h");

    private void Draw(string line)
    {
        _drawn = line.Length > 0;
        try
        {
            StandardStream.Error.Write(Encoding.UTF8.GetBytes("\r\x1b[K" + line));
        }
        catch (LinuxException)
        {
            // The terminal is gone; the work goes on.
        }
    }
}
