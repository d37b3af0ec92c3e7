using System.Text;
using Imaged.Linux;
using Imaged.Linux.Sockets;

namespace Imaged.Cli.Consistency;

/// <summary>A word, and a sentence that may be empty.</summary>
internal readonly record struct GuardMessage(string Word, string Text);

/// <summary>What imagectl and its guard tell each other, a line each. The end of the connection is a message,
/// too.</summary>
/// <param name="socket">Belongs to this object.</param>
internal sealed class GuardChannel(UnixSocket socket) : IDisposable
{
    /// <summary>From the guard: the source stays as it is from now on; the text says where to read it.</summary>
    public const string Ready = "ready";

    /// <summary>From the guard: it cannot be had, and why.</summary>
    public const string Refused = "refused";

    /// <summary>To the guard: nothing more is read.</summary>
    public const string Done = "done";

    /// <summary>From the guard: it stayed as it was to the end.</summary>
    public const string Kept = "kept";

    /// <summary>From the guard, at any time: it did not, and why.</summary>
    public const string Lost = "lost";

    private const int MaxLine = 1 << 16;

    // A line fits into the socket's buffer: nobody ever waits to get rid of it.
    private static readonly TimeSpan SendTime = TimeSpan.FromSeconds(10);

    private readonly byte[] _buffer = new byte[MaxLine];
    private int _filled;

    /// <summary>For waiting.</summary>
    public UnixSocket Socket => socket;

    /// <summary>Sends a message; nothing happens when the other end is gone.</summary>
    public void Send(string word, string text = "")
    {
        try
        {
            socket.Send(Encoding.UTF8.GetBytes($"{word} {text.ReplaceLineEndings(" ")}\n"), [], SendTime);
        }
        catch (Exception error) when (error is LinuxException or TimeoutException)
        {
            // Whoever reads notices the end.
        }
    }

    /// <summary>Waits for a message.</summary>
    /// <returns>Null when the other end is closed.</returns>
    public GuardMessage? Receive()
    {
        while (true)
        {
            int end = _buffer.AsSpan(0, _filled).IndexOf((byte)'\n');
            if (end >= 0)
            {
                string[] parts = Encoding.UTF8.GetString(_buffer, 0, end).Split(' ', 2);
                _filled -= end + 1;
                _buffer.AsSpan(end + 1, _filled).CopyTo(_buffer);
                return new(parts[0], parts.Length > 1 ? parts[1] : string.Empty);
            }

            int count = _filled == MaxLine
                ? 0
                : socket.Receive(_buffer.AsSpan(_filled), [], Timeout.InfiniteTimeSpan);
            if (count == 0)
            {
                return null;
            }

            _filled += count;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();
}
