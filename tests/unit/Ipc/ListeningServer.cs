using System.Collections.Concurrent;
using System.Text;
using Imaged.Ipc.Contract;
using Imaged.Ipc.Varlink;
using Imaged.Linux.Sockets;
using Imaged.TestKit;
using Xunit;

namespace Imaged.UnitTests.Ipc;

/// <summary>A server on a socket of the file system, with one method that answers at once.</summary>
internal sealed class ListeningServer : IDisposable
{
    /// <summary>Longer than anything here takes on a busy machine.</summary>
    public static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    /// <summary>A call that is answered at once.</summary>
    public const string Call = """{"method":"io.imaged.Worker.Formats"}""";

    private readonly TemporaryFolder _folder = new();

    public ListeningServer(VarlinkLimits limits, Action<VarlinkInterface>? more = null)
    {
        VarlinkInterface worker = new(WorkerInterface.Name, WorkerInterface.Description);
        worker.On(WorkerInterface.Formats, (_, _) => new FormatsReply());
        more?.Invoke(worker);
        UnixFileMode everybody = (UnixFileMode)0x1b6; // 0666
        File.SetUnixFileMode(_folder.Path, (UnixFileMode)0x1ed); // 0755
        Server = new(
            UnixSocket.Listen(Path, everybody),
            new VarlinkService("test", "1", worker),
            limits,
            (_, error) => Faults.Enqueue(error));
        Server.Start();
    }

    public VarlinkServer Server { get; }

    public string Path => _folder["socket"];

    public ConcurrentQueue<Exception> Faults { get; } = [];

    public UnixSocket Connect() => UnixSocket.Connect(Path);

    /// <summary>Sends bytes, and a NUL behind them.</summary>
    public static void Send(UnixSocket socket, string message) => Send(socket, Encoding.UTF8.GetBytes(message + '\0'));

    /// <summary>Sends bytes as they are.</summary>
    public static void Send(UnixSocket socket, byte[] bytes) => socket.Send(bytes, [], Long);

    /// <summary>The next message; empty when the server has closed the connection.</summary>
    public static string Receive(UnixSocket socket)
    {
        List<byte> message = [];
        byte[] one = new byte[1];
        while (socket.Receive(one, [], Long) == 1 && one[0] != 0)
        {
            message.Add(one[0]);
        }

        return Encoding.UTF8.GetString([.. message]);
    }

    /// <summary>Another client is served.</summary>
    public void AssertServes()
    {
        using UnixSocket socket = Connect();
        Send(socket, Call);
        Assert.Contains("\"formats\":[]", Receive(socket), StringComparison.Ordinal);
    }

    /// <summary>All connections have ended, with their threads.</summary>
    public void AssertNoConnections() =>
        Assert.True(
            SpinWait.SpinUntil(() => Server.ConnectionCount == 0, Long), $"{Server.ConnectionCount} connections");

    public void Dispose()
    {
        Server.Dispose();
        _folder.Dispose();
    }
}
