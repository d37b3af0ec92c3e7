using System.Diagnostics;

namespace Imaged.Blocks;

/// <summary>A source that is read no faster than so many bytes per second, by all threads together.</summary>
/// <param name="inner">The source; stays the caller's.</param>
/// <param name="rate">Bytes per second, from 1 on, on the average of any few seconds.</param>
public sealed class PacedSource(BlockSource inner, long rate) : BlockSource
{
    private readonly Lock _lock = new();

    // When what has been let through so far is paid for, in ticks of the stopwatch.
    private long _free = Stopwatch.GetTimestamp();

    /// <inheritdoc/>
    public override long Length => inner.Length;

    /// <inheritdoc/>
    public override int SectorSize => inner.SectorSize;

    /// <inheritdoc/>
    public override bool IsOneWay => inner.IsOneWay;

    /// <inheritdoc/>
    public override void ExpectOnePass() => inner.ExpectOnePass();

    /// <inheritdoc/>
    public override Extent GetExtent(long offset) => inner.GetExtent(offset);

    /// <inheritdoc/>
    public override void Read(long offset, Span<byte> destination)
    {
        long wait;
        lock (_lock)
        {
            long now = Stopwatch.GetTimestamp();
            wait = _free - now;
            _free = Math.Max(_free, now) + (long)((double)destination.Length / rate * Stopwatch.Frequency);
        }

        if (wait > 0)
        {
            // To be slow is what this is for.
            Thread.Sleep(TimeSpan.FromSeconds((double)wait / Stopwatch.Frequency));
        }

        inner.Read(offset, destination);
    }
}
