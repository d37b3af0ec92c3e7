using Imaged.Ipc;
using Imaged.Linux;

namespace Imaged.Daemon.Workers;

/// <summary>Keeps one worker waiting: when another one dies its readers need not wait until the service manager has
/// made a sandbox, which takes most of the time that a start takes.</summary>
internal sealed class SpareWorker : IDisposable
{
    private readonly Func<WaitingWorker> _start;
    private readonly TimeSpan _delay;
    private readonly object _lock = new();
    private readonly Timer _timer;
    private WaitingWorker? _spare;
    private bool _isWanted;
    private bool _isStarting;
    private bool _isDisposed;

    /// <summary>Keeps none before <see cref="Keep"/> is called.</summary>
    /// <param name="start">Starts one.</param>
    /// <param name="delay">How long after one was taken, or is wanted, the next one is started.</param>
    public SpareWorker(Func<WaitingWorker> start, TimeSpan delay)
    {
        _start = start;
        _delay = delay;
        _timer = new Timer(_ => Refill());
    }

    /// <summary>Whether one is to be kept from now on. One that is not wanted any more ends.</summary>
    public void Keep(bool isWanted)
    {
        lock (_lock)
        {
            _isWanted = isWanted && !_isDisposed;
            if (!_isWanted)
            {
                _spare?.Connection.Dispose();
                _spare = null;
            }
            else if (_spare is null)
            {
                _timer.Change(_delay, Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>Takes the one that is kept, which may have died; null when there is none. Another one is started in
    /// its place soon.</summary>
    public WaitingWorker? Take()
    {
        lock (_lock)
        {
            WaitingWorker? taken = _spare;
            _spare = null;
            if (_isWanted)
            {
                _timer.Change(_delay, Timeout.InfiniteTimeSpan);
            }

            return taken;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            Keep(false);
            _timer.Dispose();
        }
    }

    private void Refill()
    {
        lock (_lock)
        {
            if (!_isWanted || _isStarting || _spare is not null)
            {
                return;
            }

            _isStarting = true;
        }

        WaitingWorker? started = null;
        try
        {
            started = _start();
        }
        catch (Exception error) when (error is LinuxException or ImagedException)
        {
            // Whoever needs a worker starts one, and is told then why it cannot be.
        }

        lock (_lock)
        {
            _isStarting = false;
            if (_isWanted)
            {
                _spare = started;
            }
            else
            {
                started?.Connection.Dispose();
            }
        }
    }
}
