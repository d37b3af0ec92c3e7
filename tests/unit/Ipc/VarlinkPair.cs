using Imaged.Ipc.Varlink;
using Imaged.Linux.Sockets;

namespace Imaged.UnitTests.Ipc;

/// <summary>A served connection inside this process.</summary>
internal sealed class VarlinkPair : IDisposable
{
    private readonly Thread _thread;
    private readonly UnixSocket _client;

    public VarlinkPair(VarlinkLimits? limits, params IVarlinkInterface[] interfaces)
    {
        (_client, UnixSocket server) = UnixSocket.CreatePair();
        VarlinkService service = new("test", "1", interfaces);
        _thread = new(() => VarlinkServer.ServeOne(
            server, service, limits ?? VarlinkLimits.Server, (_, error) => Fault = error));
        _thread.Start();
    }

    public Exception? Fault { get; private set; }

    public UnixSocket Socket => _client;

    public VarlinkConnection Connect() => new(_client);

    public void WaitForEnd() => _thread.Join();

    public void Dispose()
    {
        _client.Dispose();
        _thread.Join();
    }
}
