using Imaged.Linux;

namespace Imaged.Cli.Consistency;

/// <summary>The guard: it holds a source as long as somebody is at the other end of the channel, and lets it go when
/// nobody is, however that came.</summary>
internal static class GuardProgram
{
    /// <summary>Runs until the other end is closed.</summary>
    public static void Run(GuardChannel channel, IHeldSource held)
    {
        using (held)
        {
            try
            {
                channel.Send(GuardChannel.Ready, held.Hold());
            }
            catch (Exception error) when (error is CliException or IOException or UnauthorizedAccessException)
            {
                channel.Send(GuardChannel.Refused, error is LinuxException ? $"cannot {error.Message}" : error.Message);
                return;
            }

            Serve(channel, held);
        }
    }

    private static void Serve(GuardChannel channel, IHeldSource held)
    {
        bool isTold = false;
        while (true)
        {
            string? fault;
            if (Poller.Wait([channel.Socket.Handle], isTold ? -1 : held.NextLook).Count == 0)
            {
                fault = held.Look();
            }
            else if (channel.Receive() is null)
            {
                return;
            }
            else
            {
                fault = held.Finish();
                if (fault is null)
                {
                    channel.Send(GuardChannel.Kept);
                    isTold = true;
                }
            }

            if (fault is not null && !isTold)
            {
                channel.Send(GuardChannel.Lost, fault);
                isTold = true;
            }
        }
    }
}
