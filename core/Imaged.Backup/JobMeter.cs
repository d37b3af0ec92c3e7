using Imaged.Blocks;

namespace Imaged.Backup;

/// <summary>A meter whose failure ends the job, and is not taken for one of the disk that was being written.
/// Thread-safe.</summary>
/// <param name="meter">What is told.</param>
internal sealed class JobMeter(ProgressMeter meter)
{
    private Exception? _failure;

    /// <summary>What the meter threw; null as long as it did not.</summary>
    public Exception? Failure => Volatile.Read(ref _failure);

    /// <summary>Begins a phase.</summary>
    /// <exception cref="OperationCanceledException">The meter threw.</exception>
    public void Begin(string phase, long total) => Guard(() => meter.Begin(phase, total));

    /// <summary>Counts.</summary>
    /// <exception cref="OperationCanceledException">The meter threw.</exception>
    public void Add(long count) => Guard(() => meter.Add(count));

    private void Guard(Action action)
    {
        try
        {
            action();
        }
        catch (Exception error)
        {
            Interlocked.CompareExchange(ref _failure, error, null);
            throw new OperationCanceledException("the job was given up", error);
        }
    }
}
