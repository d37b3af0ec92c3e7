using Imaged.Ipc;
using Imaged.Ipc.Contract;
using Imaged.Ipc.Varlink;

namespace Imaged.Daemon.Events;

/// <summary>Carries out <c>io.imaged.Manager.Monitor</c>: sends events until the caller goes.</summary>
internal static class MonitorCall
{
    /// <summary>Runs until the caller goes, this process ends, or the caller does not keep up.</summary>
    public static void Run(VarlinkCall call, EventHub hub)
    {
        call.RequireMore();
        using EventSubscription subscription = hub.Subscribe(call.Peer);
        call.ReplyContinues(new MonitorReply(), ContractJson.Default.MonitorReply);
        List<Event> events = [];
        while (call.WaitFor(subscription.Signal))
        {
            bool isWhole = subscription.Take(events);
            foreach (Event news in events)
            {
                call.ReplyContinues(new MonitorReply { Event = news }, ContractJson.Default.MonitorReply);
            }

            events.Clear();
            if (!isWhole)
            {
                throw new ImagedException(
                    ErrorKind.LimitExceeded, "events were not read as fast as they came, and some are lost");
            }
        }

        throw new VarlinkDisconnectedException("the caller is gone");
    }
}
