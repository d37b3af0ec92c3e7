using System.Text;
using Imaged.Ipc;
using Imaged.Ipc.Contract;
using Imaged.Ipc.Varlink;
using Imaged.Linux;
using Imaged.Linux.Sockets;
using Imaged.TestKit;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace Imaged.UnitTests.Ipc;

public sealed class VarlinkTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    [Fact]
    public void A_call_is_answered_with_its_descriptors()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["image"], "image");
        SafeFileHandle? second = null;
        VarlinkInterface worker = Worker().On(WorkerInterface.Open, (call, parameters) =>
        {
            Assert.Equal(2, call.DescriptorCount);
            using SafeFileHandle image = call.TakeDescriptor(parameters.Image);
            return new OpenReply { Info = new() { File = parameters.Name, Size = RandomAccess.GetLength(image) } };
        }).On(WorkerInterface.Plan, (call, _) =>
        {
            second = HostPath.OpenRead(folder["image"]);
            call.Reply(new PlanReply { File = 0 }, WorkerInterface.Plan.Reply, second);
        });
        using VarlinkPair pair = new(null, worker);
        using VarlinkConnection client = pair.Connect();
        using SafeFileHandle file = HostPath.OpenRead(folder["image"]);
        OpenReply reply = client.Call(WorkerInterface.Open, new() { Image = 1, Name = "ü\0" }, [file, file]).Value;
        Assert.Equal("ü\0", reply.Info.File);
        Assert.Equal(5, reply.Info.Size);

        using VarlinkReply<PlanReply> plan = client.Call(WorkerInterface.Plan, new());
        using SafeFileHandle received = plan.TakeDescriptor(plan.Value.File!.Value);
        Assert.Equal(5, RandomAccess.GetLength(received));
        Assert.Throws<VarlinkProtocolException>(() => plan.TakeDescriptor(0));
        Assert.Throws<VarlinkProtocolException>(() => plan.TakeDescriptor(-1));
        second!.Dispose();
    }

    [Fact]
    public void Descriptors_that_no_handler_takes_are_closed()
    {
        using VarlinkPair pair = new(null, Worker().On(WorkerInterface.Cat, (_, _) => new CatReply()));
        using VarlinkConnection client = pair.Connect();
        (UnixSocket near, UnixSocket far) = UnixSocket.CreatePair();
        using (near)
        {
            client.Call(WorkerInterface.Cat, new(), [far.Handle]).Dispose();
            far.Dispose();

            // The end of the stream comes when the last descriptor of the other end is closed.
            Assert.Equal(0, near.Receive(new byte[1], [], Long));
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    [InlineData(int.MaxValue)]
    public void An_index_outside_the_descriptors_is_refused(int index)
    {
        using VarlinkPair pair = new(null, Worker().On(WorkerInterface.Cat, (call, parameters) =>
        {
            call.TakeDescriptor(parameters.Output, "output").Dispose();
            return new CatReply();
        }));
        using VarlinkConnection client = pair.Connect();
        using SafeFileHandle file = HostPath.OpenRead("/dev/null");
        VarlinkException error = Assert.Throws<VarlinkException>(
            () => client.Call(WorkerInterface.Cat, new() { Output = index }, [file]));
        Assert.Equal("org.varlink.service.InvalidParameter", error.Error);
        Assert.Equal("output", error.Parameters.Parameter);
        Assert.NotNull(client.Call(WorkerInterface.Cat, new() { Output = 0 }, [file]));
    }

    [Theory]
    [InlineData(ErrorKind.BadImage)]
    [InlineData(ErrorKind.Ambiguous)]
    [InlineData(ErrorKind.HostError)]
    public void An_error_crosses_with_all_that_is_known(ErrorKind kind)
    {
        using VarlinkPair pair = new(
            null, Worker().On(WorkerInterface.Handover, (_, _) => throw new ImagedException(kind, "no")
        {
            Field = "f", Format = "qcow2", Offset = 1L << 40, Feature = "x", Errno = 5, Choices = ["a", "b"],
        }));
        using VarlinkConnection client = pair.Connect();
        ImagedException error = Assert.Throws<ImagedException>(() => client.Call(WorkerInterface.Handover, new()));
        Assert.Equal(
            (kind, "no", "f", "qcow2", 1L << 40, "x", 5),
            (error.Kind, error.Message, error.Field, error.Format, error.Offset, error.Feature, error.Errno));
        Assert.Equal(["a", "b"], error.Choices!);
    }

    [Fact]
    public void A_failed_system_call_becomes_a_host_error()
    {
        using VarlinkPair pair = new(
            null, Worker().On(WorkerInterface.Handover, (_, _) => throw new LinuxException("open 'x'", Errno.EACCES)));
        using VarlinkConnection client = pair.Connect();
        ImagedException error = Assert.Throws<ImagedException>(() => client.Call(WorkerInterface.Handover, new()));
        Assert.Equal((ErrorKind.HostError, Errno.EACCES), (error.Kind, error.Errno));
    }

    [Fact]
    public void A_fault_of_a_handler_is_an_error_of_that_call_alone()
    {
        using VarlinkPair pair = new(null, Worker()
            .On(WorkerInterface.Handover, (_, _) => throw new NotSupportedException("oops"))
            .On(WorkerInterface.Cat, (_, _) => { })
            .On(WorkerInterface.Formats, (_, _) => new FormatsReply()));
        using VarlinkConnection client = pair.Connect();
        Assert.Equal(
            ErrorKind.Failed,
            Assert.Throws<ImagedException>(() => client.Call(WorkerInterface.Handover, new())).Kind);
        Assert.IsType<NotSupportedException>(pair.Fault);
        Assert.Throws<ImagedException>(() => client.Call(WorkerInterface.Cat, new())); // it did not answer
        Assert.Empty(client.Call(WorkerInterface.Formats, new()).Value.Formats);
    }

    [Fact]
    public void Unknown_names_are_told_apart()
    {
        using VarlinkPair pair = new(null, Worker());
        using VarlinkConnection client = pair.Connect();
        Assert.Equal("org.varlink.service.MethodNotImplemented", Refused("io.imaged.Worker.Cat"));
        Assert.Equal("org.varlink.service.MethodNotFound", Refused("io.imaged.Worker.Bark"));
        Assert.Equal("org.varlink.service.InterfaceNotFound", Refused("io.imaged.Dog.Bark"));
        Assert.Equal("org.varlink.service.InterfaceNotFound", Refused("Bark"));

        string Refused(string name) => Assert.Throws<VarlinkException>(() => client.Call(
            new VarlinkMethod<Nothing, Nothing>(name, ContractJson.Default.Nothing, ContractJson.Default.Nothing),
            new())).Error;
    }

    [Fact]
    public void The_service_describes_itself()
    {
        using VarlinkPair pair = new(null, Worker());
        using VarlinkConnection client = pair.Connect();
        ServiceInfo info = client.Call(VarlinkService.GetInfo, new()).Value;
        Assert.Equal(["org.varlink.service", "io.imaged.Worker", "io.imaged.Error"], info.Interfaces);
        foreach (string name in info.Interfaces)
        {
            string text =
                client.Call(VarlinkService.GetInterfaceDescription, new() { Interface = name }).Value.Description;
            Assert.Contains($"\ninterface {name}\n", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Many_replies_come_in_order_and_the_last_one_ends_the_call()
    {
        using VarlinkPair pair = new(null, Worker().On(WorkerInterface.List, (call, _) =>
        {
            call.RequireMore();
            for (int i = 0; i < 100; i++)
            {
                call.ReplyContinues(Batch(i), WorkerInterface.List.Reply);
            }

            call.Reply(Batch(100), WorkerInterface.List.Reply);
        }));
        using VarlinkConnection client = pair.Connect();
        for (int round = 0; round < 2; round++)
        {
            Assert.Equal(
                Enumerable.Range(0, 101),
                client.CallMore(WorkerInterface.List, new()).Select(reply => (int)reply.Value.Entries[0].Size));
        }

        Assert.Equal(
            "org.varlink.service.ExpectedMore",
            Assert.Throws<VarlinkException>(() => client.Call(WorkerInterface.List, new())).Error);

        static ListReply Batch(int number) => new() { Entries = [new() { Path = "p", Size = number }] };
    }

    [Fact]
    public void Leaving_a_stream_of_replies_ends_the_connection()
    {
        bool noticed = false;
        VarlinkPair pair = new(null, Worker().On(WorkerInterface.Verify, (call, _) =>
        {
            try
            {
                while (true)
                {
                    call.ReplyContinues(new(), WorkerInterface.Verify.Reply);
                }
            }
            catch (VarlinkDisconnectedException)
            {
                noticed = true;
                Assert.True(call.IsAbandoned);
                throw;
            }
        }));
        using (VarlinkConnection client = pair.Connect())
        {
            client.CallMore(WorkerInterface.Verify, new()).First().Dispose();
            Assert.Throws<VarlinkDisconnectedException>(() => client.Call(WorkerInterface.Formats, new()));
        }

        pair.Dispose();
        Assert.True(noticed);
    }

    [Fact]
    public void A_call_without_reply_runs_and_the_next_is_answered()
    {
        int ran = 0;
        using VarlinkPair pair = new(null, Worker().On(WorkerInterface.Formats, (_, _) =>
        {
            ran++;
            return new FormatsReply();
        }));
        Send(pair, """{"method":"io.imaged.Worker.Formats","oneway":true}""");
        Send(pair, """{"method":"io.imaged.Worker.Bark","oneway":true}""");
        using VarlinkConnection client = pair.Connect();
        client.Call(WorkerInterface.Formats, new()).Dispose();
        Assert.Equal(2, ran);
    }

    [Fact]
    public void An_upgrade_is_refused()
    {
        using VarlinkPair pair = new(null, Worker());
        Send(pair, """{"method":"io.imaged.Worker.Formats","upgrade":true}""");
        string reply = Receive(pair);
        Assert.Contains("org.varlink.service.InvalidParameter", reply, StringComparison.Ordinal);
        pair.WaitForEnd();
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"method":1}""")]
    [InlineData("""{"method":"a.b"} {}""")]
    [InlineData("""{"method":"a.b","parameters":[]}""")]
    [InlineData("""{"method":"a.b","parameters":{"x":[null]}}""")]
    [InlineData("""{"method":"a.b","parameters":{"x":{"y":[{},[null]]}}}""")]
    [InlineData("""{"method":"a.b","more":"yes"}""")]
    [InlineData("""{"method":"\ud800"}""")]
    [InlineData("""{"method":"a.b","x":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]}""")]
    public void A_malformed_message_ends_the_connection(string message)
    {
        using VarlinkPair pair = new(null, Worker());
        Send(pair, message);
        Assert.Empty(Receive(pair));
        pair.WaitForEnd();
        Assert.IsType<VarlinkProtocolException>(pair.Fault);
    }

    [Theory]
    [InlineData("""{"output":"1"}""", "output")]
    [InlineData("""{"output":1.5}""", "output")]
    [InlineData("""{"output":99999999999}""", "output")]
    [InlineData("""{"path":null}""", "path")]
    [InlineData("""{"path":"\udc00"}""", "path")]
    public void A_parameter_of_a_wrong_type_is_named(string parameters, string name)
    {
        using VarlinkPair pair = new(null, Worker().On(WorkerInterface.Cat, (_, _) => new CatReply()));
        Send(pair, """{"method":"io.imaged.Worker.Cat","parameters":""" + parameters + "}");
        Assert.Contains(
            """{"error":"org.varlink.service.InvalidParameter","parameters":{"parameter":""" + $"\"{name}\"" + "}}",
            Receive(pair),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Unknown_members_are_ignored_and_missing_ones_have_defaults()
    {
        CopyParameters? seen = null;
        using VarlinkPair pair = new(null, Worker().On(WorkerInterface.Copy, (_, parameters) =>
        {
            seen = parameters;
            return new CopyReply();
        }));
        Send(pair, """{"later":[{}],"method":"io.imaged.Worker.Copy","parameters":{"new":{"a":[1]}}}""");
        Assert.Contains("progress", Receive(pair), StringComparison.Ordinal);
        Assert.Equal((string.Empty, null), (seen!.Path, seen.Name));
    }

    private static VarlinkInterface Worker() => new(WorkerInterface.Name, WorkerInterface.Description);

    private static void Send(VarlinkPair pair, string message) =>
        pair.Socket.Send(Encoding.UTF8.GetBytes(message + '\0'), [], Long);

    private static string Receive(VarlinkPair pair)
    {
        StringBuilder text = new();
        byte[] buffer = new byte[1];
        while (pair.Socket.Receive(buffer, [], Long) == 1 && buffer[0] != 0)
        {
            text.Append((char)buffer[0]);
        }

        return text.ToString();
    }
}
