using System.Runtime.InteropServices;
using Imaged.Linux;
using Imaged.Linux.Sockets;
using Imaged.TestKit;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace Imaged.UnitTests.Ipc;

public sealed class UnixSocketTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(30);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    [Fact]
    public void A_descriptor_arrives_open_and_close_on_exec()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["a"], "content");
        (UnixSocket first, UnixSocket second) = UnixSocket.CreatePair();
        using (first)
        using (second)
        {
            using (SafeFileHandle file = HostPath.OpenRead(folder["a"]))
            {
                first.Send("x"u8, [file], Long);
            }

            List<SafeFileHandle> received = [];
            byte[] buffer = new byte[10];
            Assert.Equal(1, second.Receive(buffer, received, Long));
            using SafeFileHandle arrived = Assert.Single(received);
            Assert.Equal(7, RandomAccess.GetLength(arrived));
            string flags = File.ReadAllText($"/proc/self/fdinfo/{arrived.DangerousGetHandle()}");
            Assert.Contains("flags:\t0", flags, StringComparison.Ordinal);
            int value = Convert.ToInt32(flags.Split('\n')[1].Split('\t')[1], 8);
            Assert.NotEqual(0, value & 0x80000); // O_CLOEXEC
        }
    }

    [Fact]
    public void As_many_descriptors_as_the_kernel_allows_arrive_at_once()
    {
        (UnixSocket first, UnixSocket second) = UnixSocket.CreatePair();
        using (first)
        using (second)
        {
            SafeHandle[] many = [.. Enumerable.Repeat(first.Handle, UnixSocket.MaxDescriptors)];
            first.Send("x"u8, many, Long);
            List<SafeFileHandle> received = [];
            Assert.Equal(1, second.Receive(new byte[1], received, Long));
            Assert.Equal(UnixSocket.MaxDescriptors, received.Count);
            received.ForEach(handle => handle.Dispose());
        }
    }

    [Fact]
    public void Much_data_crosses_in_pieces()
    {
        (UnixSocket first, UnixSocket second) = UnixSocket.CreatePair();
        using (first)
        using (second)
        {
            byte[] data = new byte[3_000_000];
            new Random(1).NextBytes(data);
            Thread sender = new(() => first.Send(data, [], Long));
            sender.Start();
            byte[] received = new byte[data.Length];
            int count = 0;
            while (count < data.Length)
            {
                count += second.Receive(received.AsSpan(count), [], Long);
            }

            sender.Join();
            Assert.Equal(data, received);
        }
    }

    [Fact]
    public void A_peer_that_does_not_read_costs_a_time_out()
    {
        (UnixSocket first, UnixSocket second) = UnixSocket.CreatePair();
        using (first)
        using (second)
        {
            Assert.Throws<TimeoutException>(() => first.Send(new byte[10_000_000], [], Short));
            Assert.Throws<TimeoutException>(() => first.Receive(new byte[1], [], Short));
        }
    }

    [Fact]
    public void Shutting_down_wakes_a_thread_that_receives()
    {
        (UnixSocket first, UnixSocket second) = UnixSocket.CreatePair();
        using (first)
        using (second)
        {
            int count = -1;
            Thread receiver = new(() => count = first.Receive(new byte[1], [], Timeout.InfiniteTimeSpan));
            receiver.Start();
            first.Shutdown();
            receiver.Join();
            Assert.Equal(0, count);
            Assert.Equal(Errno.EPIPE, Assert.Throws<LinuxException>(() => first.Send("x"u8, [], Long)).Errno);
        }
    }

    [Fact]
    public void The_listener_tells_who_connected()
    {
        using TemporaryFolder folder = new();
        using UnixSocket listener = UnixSocket.Listen(folder["socket"], (UnixFileMode)0x1B0 /* 0660 */);
        Assert.Equal("660", Tool.Run("stat", "-c", "%a", folder["socket"]).Text.Trim());
        using UnixSocket client = UnixSocket.Connect(folder["socket"]);
        using UnixSocket server = listener.Accept(null)!;
        PeerCredentials peer = server.GetPeer();
        Assert.Equal(Environment.ProcessId, peer.Pid);
        Assert.Equal(
            Tool.Run("id", "-u").Text.Trim(), peer.Uid.ToString(System.Globalization.CultureInfo.InvariantCulture));
        string groups = Tool.Run("id", "-G").Text.Trim();
        Assert.All(groups.Split(' '), group => Assert.True(peer.IsInGroup(uint.Parse(group, null))));
    }

    [Fact]
    public void A_socket_left_by_a_dead_process_is_replaced_and_a_live_one_is_not()
    {
        using TemporaryFolder folder = new();
        UnixSocket.Listen(folder["socket"], (UnixFileMode)0x1B0).Dispose();
        using UnixSocket listener = UnixSocket.Listen(folder["socket"], (UnixFileMode)0x1B0);
        LinuxException error = Assert.Throws<LinuxException>(
            () => UnixSocket.Listen(folder["socket"], (UnixFileMode)0x1B0));
        Assert.Equal(Errno.EADDRINUSE, error.Errno);
    }

    [Fact]
    public void Accepting_ends_when_told_to_stop()
    {
        using TemporaryFolder folder = new();
        using UnixSocket listener = UnixSocket.Listen(folder["socket"], (UnixFileMode)0x1B0);
        (UnixSocket first, UnixSocket second) = UnixSocket.CreatePair();
        using (second)
        {
            first.Dispose();
            Assert.Null(listener.Accept(second));
        }
    }

    [Fact]
    public void A_descriptor_that_is_no_socket_is_not_adopted()
    {
        using SafeFileHandle file = HostPath.OpenRead("/dev/null");
        Assert.Throws<LinuxException>(() => UnixSocket.Adopt(file));
    }

    [Theory]
    [InlineData("")]
    [InlineData(
        "/tmp/012345678901234567890123456789012345678901234567890"
        + "123456789012345678901234567890123456789012345678901234")]
    public void A_path_that_does_not_fit_is_refused(string path) =>
        Assert.Throws<LinuxException>(() => UnixSocket.Connect(path));
}
