using System.Diagnostics;
using System.Text;
using Imaged.Ipc;
using Imaged.Ipc.Contract;
using Imaged.Ipc.Varlink;
using Imaged.Linux;
using Imaged.Linux.Sockets;
using Imaged.TestKit;
using Imaged.UnitTests.Shared;
using Xunit;

namespace Imaged.UnitTests.Ipc;

/// <summary>What clients may do to a server, over a real socket. Whatever one does, the next one is served. Not beside
/// other tests: what the process allocates is measured.</summary>
[Collection(typeof(RunsAlone))]
public sealed class VarlinkServerTests
{
    private const string Python = "/usr/bin/python3"; // one that another user may run, too

    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);

    [Fact]
    public void A_gigabyte_without_an_end_is_cut_off_at_the_limit()
    {
        using ListeningServer server = new(VarlinkLimits.Server);
        using UnixSocket client = server.Connect();
        byte[] chunk = new byte[1 << 16];
        chunk.AsSpan().Fill((byte)' ');
        long allocated = GC.GetTotalAllocatedBytes();
        long sent = 0;
        LinuxException error = Assert.Throws<LinuxException>(() =>
        {
            for (; sent < 1 << 30; sent += chunk.Length)
            {
                ListeningServer.Send(client, chunk);
            }
        });
        Assert.Equal(32 /* EPIPE */, error.Errno);
        Assert.InRange(sent, VarlinkLimits.Server.MessageBytes - chunk.Length, 2 * VarlinkLimits.Server.MessageBytes);
        Assert.InRange(GC.GetTotalAllocatedBytes() - allocated, 0, 8 * VarlinkLimits.Server.MessageBytes);
        server.AssertNoConnections();
        Assert.IsType<VarlinkProtocolException>(Assert.Single(server.Faults));
        server.AssertServes();
    }

    [Fact]
    public void A_message_may_have_as_many_bytes_as_the_limit_and_not_one_more()
    {
        const int Limit = 5000;
        using ListeningServer server = new(new VarlinkLimits { MessageBytes = Limit });
        using UnixSocket client = server.Connect();
        ListeningServer.Send(client, ListeningServer.Call.PadRight(Limit));
        Assert.Contains("formats", ListeningServer.Receive(client), StringComparison.Ordinal);
        ListeningServer.Send(client, ListeningServer.Call.PadRight(Limit + 1));
        Assert.Empty(ListeningServer.Receive(client));
        server.AssertServes();
    }

    [Theory]
    [InlineData("nul")]
    [InlineData("nuls")]
    [InlineData("objects")]
    [InlineData("lists")]
    [InlineData("random")]
    public void Nonsense_ends_its_connection_alone(string kind)
    {
        byte[] bytes = kind switch
        {
            "nul" => [0],
            "nuls" => new byte[1 << 20],
            "objects" => Encoding.UTF8.GetBytes(
                """{"method":"io.imaged.Worker.Formats","parameters":""" + Repeat("""{"x":""", 150_000) + "\0"),
            "lists" => Encoding.UTF8.GetBytes(
                """{"method":"io.imaged.Worker.Formats","parameters":{"x":""" + Repeat("[", 900_000) + "\0"),
            _ => RandomBytes(),
        };
        using ListeningServer server = new(VarlinkLimits.Server);
        using UnixSocket client = server.Connect();
        try
        {
            ListeningServer.Send(client, bytes);
        }
        catch (LinuxException)
        {
            // It was not read to its end.
        }

        Assert.Empty(ListeningServer.Receive(client));
        server.AssertNoConnections();
        Assert.IsType<VarlinkProtocolException>(Assert.Single(server.Faults));
        server.AssertServes();
    }

    [Fact]
    public void A_call_cut_off_anywhere_and_one_with_any_byte_changed_ends_in_an_answer_or_the_end_of_its_connection()
    {
        using ListeningServer server = new(VarlinkLimits.Server);
        byte[] whole = Encoding.UTF8.GetBytes(
            """{"method":"io.imaged.Worker.Formats","parameters":{"a":[{"b":"\u00fc"}]},"more":true}""");
        for (int i = 0; i < whole.Length; i++)
        {
            byte[] changed = [.. whole, 0];
            changed[i] ^= 0x80;
            foreach (byte[] bytes in new[] { [.. whole[..i], (byte)0], changed })
            {
                using UnixSocket client = server.Connect();
                ListeningServer.Send(client, bytes);
                string answer = ListeningServer.Receive(client);
                Assert.True(answer.Length == 0 || answer.StartsWith('{'), answer);
            }

            using UnixSocket leaves = server.Connect();
            ListeningServer.Send(leaves, [.. whole[..i], .. i == 0 ? " "u8 : default]);
        }

        server.AssertNoConnections();
        Assert.All(server.Faults, fault => Assert.IsType<VarlinkProtocolException>(fault));
        server.AssertServes();
    }

    [Fact]
    public void A_client_without_a_call_is_sent_away()
    {
        using ListeningServer server = new(new VarlinkLimits { IdleTimeout = Short });
        using UnixSocket idle = server.Connect();
        Assert.Empty(ListeningServer.Receive(idle));
        using UnixSocket once = server.Connect();
        ListeningServer.Send(once, ListeningServer.Call);
        Assert.NotEmpty(ListeningServer.Receive(once));
        Assert.Empty(ListeningServer.Receive(once));
        server.AssertNoConnections();
        Assert.Empty(server.Faults);
    }

    [Fact]
    public void A_client_that_sends_a_byte_now_and_then_does_not_get_more_time()
    {
        using ListeningServer server = new(new VarlinkLimits { MessageTimeout = Short });
        using UnixSocket client = server.Connect();
        Stopwatch watch = Stopwatch.StartNew();
        Assert.True(IsSentAway(client, () => ListeningServer.Send(client, " "u8.ToArray())));
        Assert.InRange(watch.Elapsed, Short / 2, ListeningServer.Long);
        server.AssertNoConnections();
        server.AssertServes();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_client_that_does_not_take_its_answer_is_given_up(bool readsNowAndThen)
    {
        string big = new('x', 4 << 20);
        using ListeningServer server = new(
            new VarlinkLimits { SendTimeout = Short },
            worker => worker.On(
                WorkerInterface.Cat, (call, _) => call.Error(new ImagedException(ErrorKind.Failed, big))));
        using UnixSocket client = server.Connect();
        ListeningServer.Send(client, """{"method":"io.imaged.Worker.Cat"}""");
        if (readsNowAndThen)
        {
            byte[] one = new byte[1];
            Assert.True(SpinWait.SpinUntil(
                () => client.Receive(one, [], ListeningServer.Long) == 0 || server.Server.ConnectionCount == 0,
                ListeningServer.Long));
        }

        server.AssertNoConnections();
        server.AssertServes();
    }

    [Fact]
    public void A_client_that_calls_and_calls_and_never_reads_is_given_up()
    {
        using ListeningServer server = new(new VarlinkLimits { SendTimeout = Short });
        using UnixSocket client = server.Connect();
        byte[] calls = Encoding.UTF8.GetBytes(Repeat(ListeningServer.Call + '\0', 1000));
        Assert.Throws<LinuxException>(() =>
        {
            for (int i = 0; i < 10_000; i++)
            {
                ListeningServer.Send(client, calls);
            }
        });
        server.AssertNoConnections();
        server.AssertServes();
    }

    [Fact]
    public void Calls_in_a_row_are_answered_in_a_row()
    {
        using ListeningServer server = new(VarlinkLimits.Server);
        using UnixSocket client = server.Connect();
        const int Count = 5000;
        Thread sender = new(() =>
            ListeningServer.Send(client, Encoding.UTF8.GetBytes(Repeat(ListeningServer.Call + '\0', Count))));
        sender.Start();
        for (int i = 0; i < Count; i++)
        {
            Assert.NotEmpty(ListeningServer.Receive(client));
        }

        sender.Join();
    }

    [Fact]
    public void Connections_beyond_the_limit_are_told_so_and_one_that_ends_makes_room()
    {
        const int Limit = 20; // 16 are kept for root, whom this test runs as, or not
        using ListeningServer server = new(new VarlinkLimits { Connections = Limit });
        int allowed = Environment.IsPrivilegedProcess ? Limit : Limit - 16;
        List<UnixSocket> clients = [];
        for (int i = 0; i < allowed; i++)
        {
            clients.Add(server.Connect());
            ListeningServer.Send(clients[i], ListeningServer.Call);
            Assert.Contains("formats", ListeningServer.Receive(clients[i]), StringComparison.Ordinal);
        }

        using (UnixSocket surplus = server.Connect())
        {
            Assert.Contains("LimitExceeded", ListeningServer.Receive(surplus), StringComparison.Ordinal);
            Assert.Empty(ListeningServer.Receive(surplus));
        }

        clients[0].Dispose();
        Assert.True(SpinWait.SpinUntil(() => server.Server.ConnectionCount < allowed, ListeningServer.Long));
        server.AssertServes();
        clients.ForEach(client => client.Dispose());
        server.AssertNoConnections();
    }

    [Fact]
    public void One_user_cannot_take_all_connections_and_calls()
    {
        Requires.Root();
        Requires.Tool("setpriv");
        Assert.SkipUnless(File.Exists(Python), $"needs {Python}");
        using ManualResetEventSlim go = new();
        using ListeningServer server = new(
            new VarlinkLimits { ConnectionsPerUser = 5, CallsPerUser = 2 },
            worker => worker.On(WorkerInterface.Handover, (call, _) =>
            {
                go.Wait();
                return new HandoverReply();
            }));

        // Three calls that wait, of which one is refused, whichever; and a sixth connection.
        ToolResult result = Tool.Run(
            "setpriv",
            "--reuid=65534",
            "--regid=65534",
            "--clear-groups",
            Python,
            "-c",
            """
            import select, socket, sys
            def connect():
                s = socket.socket(socket.AF_UNIX)
                s.connect(sys.argv[1])
                return s
            def call(s):
                s.sendall(b'{"method":"io.imaged.Worker.Formats"}\0')
                return s.recv(4096).decode()
            clients = [connect() for _ in range(5)]
            for s in clients:
                assert "formats" in call(s)
            for s in clients[:3]:
                s.sendall(b'{"method":"io.imaged.Worker.Handover"}\0')
            refused = select.select(clients, [], [])[0]
            print("call:", refused[0].recv(4096).decode())
            print("connection:", connect().recv(4096).decode())
            """,
            server.Path);
        Assert.Matches("call: .*LimitExceeded.*user 65534 has 2 calls", result.Text);
        Assert.Matches("connection: .*LimitExceeded.*too many connections", result.Text);
        server.AssertServes(); // root has no such limits
        go.Set();
        server.AssertNoConnections();
    }

    [Fact]
    public void Descriptors_sent_without_end_are_closed()
    {
        using ListeningServer server = new(VarlinkLimits.Server);
        using UnixSocket client = server.Connect();
        (UnixSocket near, UnixSocket far) = UnixSocket.CreatePair();
        using (near)
        {
            Assert.Throws<LinuxException>(() =>
            {
                for (int i = 0; i < 10_000; i++)
                {
                    client.Send(" "u8, [far.Handle, far.Handle], ListeningServer.Long);
                }
            });
            far.Dispose();
            server.AssertNoConnections();

            // The end of the stream comes when the last descriptor of the other end is closed.
            Assert.Equal(0, near.Receive(new byte[1], [], ListeningServer.Long));
        }

        server.AssertServes();
    }

    [Fact]
    public void A_storm_of_clients_leaves_nothing_behind()
    {
        using ListeningServer server = new(VarlinkLimits.Server);
        int before = Descriptors();
        Parallel.For(0, 400, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            using UnixSocket client = server.Connect();
            if (i % 4 == 0)
            {
                return; // it only looks in
            }

            ListeningServer.Send(client, Encoding.UTF8.GetBytes(i % 4 == 1 ? "{" : ListeningServer.Call + '\0'));
            if (i % 4 == 3)
            {
                Assert.Contains("formats", ListeningServer.Receive(client), StringComparison.Ordinal);
            }
        });
        server.AssertServes();
        server.AssertNoConnections();
        Assert.InRange(Descriptors(), 0, before + 50); // of 400 clients; other tests run beside this one
        Assert.Empty(server.Faults);
    }

    [Fact]
    public void Stopping_ends_connections_that_wait_at_once()
    {
        ListeningServer server = new(VarlinkLimits.Server);
        using UnixSocket idle = server.Connect();
        using UnixSocket begun = server.Connect();
        ListeningServer.Send(begun, "{"u8.ToArray());
        server.AssertServes();
        server.Dispose();
        Assert.Empty(ListeningServer.Receive(idle));
        Assert.Empty(ListeningServer.Receive(begun));
        Assert.Equal(0, server.Server.ConnectionCount);
    }

    private static int Descriptors() => Directory.GetFileSystemEntries("/proc/self/fd").Length;

    private static string Repeat(string text, int count) => new StringBuilder().Insert(0, text, count).ToString();

    private static byte[] RandomBytes()
    {
        byte[] bytes = new byte[1 << 20];
        new Random(11).NextBytes(bytes);
        bytes[0] = (byte)'{';
        return bytes;
    }

    // Does something every 20 ms until the server closes the connection.
    private static bool IsSentAway(UnixSocket client, Action act)
    {
        byte[] one = new byte[1];
        for (int i = 0; i < 3000; i++)
        {
            try
            {
                act();
                if (client.Receive(one, [], TimeSpan.FromMilliseconds(20)) == 0)
                {
                    return true;
                }
            }
            catch (TimeoutException)
            {
                // Still waiting.
            }
            catch (LinuxException)
            {
                return true;
            }
        }

        return false;
    }
}
