using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Imaged.Cli.Jobs;
using Imaged.Ipc.Contract;
using Imaged.Linux;

namespace Imaged.Cli.Output;

/// <summary>Shows how far a long call is, on standard error: a bar on a terminal, or lines of JSON when they are asked
/// for. The job, if this is one, keeps it, too.</summary>
internal sealed class ProgressBar : IDisposable
{
    private readonly ProgressStyle _style;
    private readonly long _interval;
    private readonly Pace _pace = new();
    private string? _phase;
    private long _next;
    private bool _drawn;

    public ProgressBar(Printer printer)
    {
        _style = printer.Progress;
        if (_style == ProgressStyle.Bar && (printer.Quiet || !StandardStream.Error.IsTerminal))
        {
            _style = ProgressStyle.None;
        }

        _interval = _style == ProgressStyle.Bar ? Stopwatch.Frequency / 10 : Stopwatch.Frequency / 2;
    }

    /// <summary>Shows a level: a bar ten times a second at most; a line twice, and whenever a phase begins.</summary>
    public void Show(Progress progress)
    {
        JobProgress level = _pace.Of(progress);
        Job.Current?.Show(level);
        Show(level with { Job = Job.Current?.Id });
    }

    /// <summary>Shows the level of a job.</summary>
    public void Show(JobProgress level)
    {
        long now = Stopwatch.GetTimestamp();
        if (_style == ProgressStyle.None || (now < _next && level.Phase == _phase))
        {
            return;
        }

        _next = now + _interval;
        _phase = level.Phase;
        if (_style == ProgressStyle.Bar)
        {
            Draw(Line(level, StandardStream.Error.Columns));
        }
        else
        {
            Write([.. JsonSerializer.SerializeToUtf8Bytes(level, ContractJson.Default.JobProgress), (byte)'\n']);
        }
    }

    /// <summary>Clears the line, so that messages and the shell's prompt begin at its start.</summary>
    public void Dispose()
    {
        if (_drawn)
        {
            Draw(string.Empty);
        }
    }

    /// <summary>One line: phase, bar, share, amount, rate and how long it may still take.</summary>
    internal static string Line(JobProgress level, int columns)
    {
        string phase = SafeText.Sentence(level.Phase);
        string rate = level.Rate is { } bytes ? $"  {HumanSize.Of(bytes)}/s" : string.Empty;
        if (level.Total <= 0)
        {
            return Cut($"{phase}  {HumanSize.Of(level.Done)}{rate}", columns);
        }

        double share = Math.Clamp(level.Done / (double)level.Total, 0, 1);
        string left = level.Left is { } seconds ? "  " + Duration(seconds) + " left" : string.Empty;
        string amount = string.Create(
            CultureInfo.InvariantCulture,
            $" {(int)(share * 100),3}%  {HumanSize.Of(level.Done)} of {HumanSize.Of(level.Total)}{rate}{left}");
        int width = Math.Min(30, columns - phase.Length - amount.Length - 4);
        string bar = width >= 5
            ? " [" + new string('#', (int)(share * width)).PadRight(width, '.') + "]"
            : string.Empty;
        return Cut(phase + bar + amount, columns);
    }

    private static string Cut(string line, int columns) =>
        line.Length < columns ? line : line[..Math.Max(0, columns - 1)];

    /// <summary>Minutes and seconds, or hours.</summary>
    internal static string Duration(long seconds) => seconds < 3600
        ? string.Create(CultureInfo.InvariantCulture, $"{seconds / 60}:{seconds % 60:00}")
        : string.Create(CultureInfo.InvariantCulture, $"{Math.Min(seconds / 3600, 999)} h");

    private void Draw(string line)
    {
        _drawn = line.Length > 0;
        Write(Encoding.UTF8.GetBytes("\r\x1b[K" + line));
    }

    private static void Write(ReadOnlySpan<byte> text)
    {
        try
        {
            StandardStream.Error.Write(text);
        }
        catch (LinuxException)
        {
            // The terminal is gone; the work goes on.
        }
    }
}
