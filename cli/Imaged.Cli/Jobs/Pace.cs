using System.Diagnostics;
using Imaged.Ipc.Contract;

namespace Imaged.Cli.Jobs;

/// <summary>Knows from the levels of a call how fast it is.</summary>
internal sealed class Pace
{
    // What took less says little.
    private const double MinSeconds = 2;
    private const double MinShare = 0.005;

    private string? _phase;
    private long _start;

    /// <summary>A level with what follows from it and the ones before.</summary>
    public JobProgress Of(Progress progress)
    {
        long now = Stopwatch.GetTimestamp();
        if (progress.Phase != _phase)
        {
            _phase = progress.Phase;
            _start = now;
        }

        return Of(progress, Stopwatch.GetElapsedTime(_start, now).TotalSeconds);
    }

    /// <summary>A level, so many seconds after its phase began.</summary>
    internal static JobProgress Of(Progress progress, double seconds)
    {
        JobProgress level = new() { Phase = progress.Phase, Done = progress.Done, Total = progress.Total };
        if (seconds < MinSeconds || progress.Done <= 0)
        {
            return level;
        }

        double rate = progress.Done / seconds;
        level.Rate = (long)rate;
        if (progress.Total > progress.Done && progress.Done > progress.Total * MinShare)
        {
            level.Left = (long)Math.Ceiling((progress.Total - progress.Done) / rate);
        }

        return level;
    }
}
