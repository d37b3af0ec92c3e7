using System.Diagnostics;

namespace Imaged.Blocks;

/// <summary>How far a job is.</summary>
/// <param name="Phase">What is done now, one word.</param>
/// <param name="Done">Units done: bytes, or files where there are none.</param>
/// <param name="Total">Units in all; 0 when not known.</param>
public readonly record struct JobLevel(string Phase, long Done, long Total);

/// <summary>Counts what a job has done and tells it at most some times a second. Thread-safe; a report is made on the
/// thread that happens to be counting.</summary>
public sealed class ProgressMeter
{
    private static readonly long Interval = Stopwatch.Frequency / 5;

    private readonly Action<JobLevel> _report;
    private readonly object _lock = new();
    private string _phase = string.Empty;
    private long _done;
    private long _total;
    private long _next;

    /// <summary>A meter.</summary>
    /// <param name="report">Called with the newest level. What it throws ends the job: so a peer that is gone
    /// cancels.</param>
    public ProgressMeter(Action<JobLevel> report)
    {
        _report = report;
    }

    /// <summary>Begins a phase.</summary>
    public void Begin(string phase, long total)
    {
        lock (_lock)
        {
            _phase = phase;
            _done = 0;
            _total = total;
            _next = Stopwatch.GetTimestamp() + Interval;
            _report(new(phase, 0, total));
        }
    }

    /// <summary>Counts.</summary>
    public void Add(long count)
    {
        lock (_lock)
        {
            _done += count;
            long now = Stopwatch.GetTimestamp();
            if (now >= _next)
            {
                _next = now + Interval;
                _report(new(_phase, _done, _total));
            }
        }
    }
}
