using Imaged.Linux;
using Imaged.Linux.Fuse;
using Imaged.Linux.Sockets;
using Xunit;

namespace Imaged.UnitTests.Linux;

public sealed class PollerTests
{
    [Theory]
    [InlineData("socket")]
    [InlineData("poller")]
    public void A_signal_ends_no_wait(string what)
    {
        ThreadInterrupt.Prepare();
        (UnixSocket first, UnixSocket second) = UnixSocket.CreatePair();
        using (first)
        using (second)
        {
            int thread = 0;
            Exception? failure = null;
            bool arrived = false;
            Thread waiter = new(() =>
            {
                try
                {
                    Volatile.Write(ref thread, ThreadInterrupt.CurrentThread);
                    TimeSpan patience = TimeSpan.FromMinutes(1);
                    arrived = what == "socket"
                        ? first.Receive(new byte[1], [], patience) == 1
                        : Poller.Wait([first.Handle], (int)patience.TotalMilliseconds).Count == 1;
                }
                catch (Exception error)
                {
                    failure = error;
                }
            });
            waiter.Start();
            for (int i = 0; i < 200 && waiter.IsAlive; i++)
            {
                if (Volatile.Read(ref thread) != 0)
                {
                    ThreadInterrupt.Interrupt(thread);
                }

                waiter.Join(1);
            }

            second.Send([7], [], TimeSpan.FromSeconds(1));
            waiter.Join();
            Assert.Null(failure);
            Assert.True(arrived);
        }
    }
}
