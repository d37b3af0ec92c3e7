using Imaged.Ipc.Contract;
using Imaged.Linux.Sockets;

namespace Imaged.Daemon.Events;

/// <summary>Hands events to whoever subscribed to them; who publishes one never waits. Thread-safe.</summary>
internal sealed class EventHub
{
    private readonly Lock _lock = new();
    private readonly List<EventSubscription> _subscriptions = [];

    /// <summary>Number of subscribers.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _subscriptions.Count;
            }
        }
    }

    /// <summary>Begins to collect events for a caller: root's are all, those of others their own.</summary>
    public EventSubscription Subscribe(PeerCredentials caller)
    {
        EventSubscription subscription = new(this, caller);
        lock (_lock)
        {
            _subscriptions.Add(subscription);
        }

        return subscription;
    }

    /// <summary>Tells everybody who may know.</summary>
    public void Publish(Event news)
    {
        lock (_lock)
        {
            foreach (EventSubscription subscription in _subscriptions)
            {
                subscription.Offer(news);
            }
        }
    }

    /// <summary>Ends a subscription.</summary>
    internal void Remove(EventSubscription subscription)
    {
        lock (_lock)
        {
            _subscriptions.Remove(subscription);
        }
    }
}
