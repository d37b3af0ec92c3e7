using Imaged.Ipc.Contract;
using Imaged.Linux.Sockets;

namespace Imaged.Daemon.Events;

/// <summary>The events that wait for one subscriber. One who does not keep up is cut off: neither others nor memory
/// suffer.</summary>
internal sealed class EventSubscription : IDisposable
{
    /// <summary>How many may wait.</summary>
    public const int Capacity = 256;

    private readonly EventHub _hub;
    private readonly PeerCredentials _caller;
    private readonly Lock _lock = new();
    private readonly Queue<Event> _waiting = new();
    private readonly UnixSocket _sender;
    private bool _overflowed;

    /// <summary>A subscription of a caller.</summary>
    public EventSubscription(EventHub hub, PeerCredentials caller)
    {
        _hub = hub;
        _caller = caller;
        (_sender, Signal) = UnixSocket.CreatePair();
    }

    /// <summary>Readable when something waits.</summary>
    public UnixSocket Signal { get; }

    /// <summary>Takes everything that waits.</summary>
    /// <param name="events">It, in order.</param>
    /// <returns>False when the subscriber was cut off, and misses what came after these.</returns>
    public bool Take(List<Event> events)
    {
        lock (_lock)
        {
            if (_waiting.Count > 0)
            {
                // One byte for each turn from empty to not empty.
                Signal.Receive(stackalloc byte[1], [], TimeSpan.Zero);
            }

            events.AddRange(_waiting);
            _waiting.Clear();
            return !_overflowed;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _hub.Remove(this);
        _sender.Dispose();
        Signal.Dispose();
    }

    /// <summary>Adds an event, if the subscriber may know of it.</summary>
    internal void Offer(Event news)
    {
        if (!_caller.IsRoot && news.Owner != _caller.Uid)
        {
            return;
        }

        lock (_lock)
        {
            if (_overflowed || _waiting.Count == Capacity)
            {
                _overflowed = true;
                return;
            }

            _waiting.Enqueue(news);
            if (_waiting.Count == 1)
            {
                _sender.Send([1], [], TimeSpan.Zero);
            }
        }
    }
}
