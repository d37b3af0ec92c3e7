using Imaged.Linux;
using Imaged.Linux.Sockets;

namespace Imaged.Ipc.Varlink;

/// <summary>Serves a listening socket, one thread per connection.</summary>
public sealed class VarlinkServer : IDisposable
{
    private const int ThreadStack = 1 << 20;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly UnixSocket _listener;
    private readonly VarlinkService _service;
    private readonly VarlinkLimits _limits;
    private readonly VarlinkAdmission _admission;
    private readonly Action<string, Exception>? _onFault;
    private readonly UnixSocket _stopSender;
    private readonly UnixSocket _stopReceiver;
    private readonly ManualResetEventSlim _stopping = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<VarlinkSession, Thread> _sessions = [];
    private Thread? _acceptor;

    /// <summary>Does not listen before <see cref="Start"/>.</summary>
    /// <param name="listener">A listening socket, which this object then owns.</param>
    /// <param name="service">What is offered.</param>
    /// <param name="limits">What a peer may make this process hold.</param>
    /// <param name="onFault">Called for faults of this process or the protocol: where, and what. Any thread.</param>
    public VarlinkServer(
        UnixSocket listener, VarlinkService service, VarlinkLimits limits, Action<string, Exception>? onFault)
    {
        _listener = listener;
        _service = service;
        _limits = limits;
        _onFault = onFault;
        _admission = new(limits);
        (_stopSender, _stopReceiver) = UnixSocket.CreatePair();
    }

    /// <summary>Number of connections.</summary>
    public int ConnectionCount
    {
        get
        {
            lock (_lock)
            {
                return _sessions.Count;
            }
        }
    }

    /// <summary>Serves one connection on this thread, until the peer closes it.</summary>
    /// <param name="socket">The connection, which is closed at the end.</param>
    /// <param name="service">What is offered.</param>
    /// <param name="limits">What the peer may make this process hold.</param>
    /// <param name="onFault">Called for faults of this process or the protocol: where, and what.</param>
    public static void ServeOne(
        UnixSocket socket, VarlinkService service, VarlinkLimits limits, Action<string, Exception>? onFault)
    {
        using VarlinkSession session = new(socket, service, limits, null, onFault);
        session.Run();
    }

    /// <summary>Begins to accept connections.</summary>
    public void Start()
    {
        _acceptor = new(Accept, ThreadStack) { IsBackground = true, Name = "accept" };
        _acceptor.Start();
    }

    /// <summary>Takes no more calls, gives those that run five seconds to be answered, then closes all
    /// connections.</summary>
    public void Dispose()
    {
        _stopping.Set();
        _stopSender.Dispose();
        _acceptor?.Join();
        Stop(session => session.StopReceiving(), Grace);
        Stop(session => session.Abort(), Grace);
        _listener.Dispose();
        _stopReceiver.Dispose();
        _stopping.Dispose();
    }

    private void Stop(Action<VarlinkSession> how, TimeSpan wait)
    {
        KeyValuePair<VarlinkSession, Thread>[] sessions;
        lock (_lock)
        {
            sessions = [.. _sessions];
            foreach (KeyValuePair<VarlinkSession, Thread> item in sessions)
            {
                how(item.Key);
            }
        }

        long end = Environment.TickCount64 + (long)wait.TotalMilliseconds;
        foreach (KeyValuePair<VarlinkSession, Thread> item in sessions)
        {
            item.Value.Join((int)Math.Max(0, end - Environment.TickCount64));
        }
    }

    private void Accept()
    {
        while (true)
        {
            try
            {
                UnixSocket? socket = _listener.Accept(_stopReceiver);
                if (socket is null)
                {
                    return;
                }

                Begin(socket);
            }
            catch (Exception error)
            {
                // Most likely descriptors or threads have run out: the connection waits in the queue meanwhile.
                _onFault?.Invoke("accepting a connection", error);
                if (_stopping.Wait(TimeSpan.FromMilliseconds(200)))
                {
                    return;
                }
            }
        }
    }

    private void Begin(UnixSocket socket)
    {
        VarlinkSession session;
        try
        {
            session = new(socket, _service, _limits, _admission, _onFault);
        }
        catch (LinuxException)
        {
            socket.Dispose();
            throw;
        }

        if (!_admission.TryConnect(session.Peer.Uid))
        {
            session.Refuse(new ImagedException(
                ErrorKind.LimitExceeded, "too many connections to imaged are open; close one and try again"));
            session.Dispose();
            return;
        }

        Thread thread = new(() => Run(session), ThreadStack) { IsBackground = true, Name = "connection" };
        lock (_lock)
        {
            _sessions.Add(session, thread);
        }

        try
        {
            thread.Start();
        }
        catch
        {
            End(session);
            throw;
        }
    }

    private void Run(VarlinkSession session)
    {
        try
        {
            session.Run();
        }
        catch (Exception error)
        {
            _onFault?.Invoke("a connection", error);
        }
        finally
        {
            End(session);
        }
    }

    private void End(VarlinkSession session)
    {
        lock (_lock)
        {
            // Under the lock, so that Stop never touches a closed session.
            _sessions.Remove(session);
            session.Dispose();
        }

        _admission.Disconnect(session.Peer.Uid);
    }
}
