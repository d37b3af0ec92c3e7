using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Imaged.Linux;
using Imaged.Linux.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Worker;

/// <summary>What a worker that the service manager started is told by the daemon: the arguments that it would have as a
/// child, and the descriptors that it would inherit. The connection is its control socket then.</summary>
internal static class Assignment
{
    // A user may be in 65,536 groups, each with a number of up to ten digits.
    private const int MaxLength = 1 << 20;
    private const int MaxNumber = 64;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    /// <summary>Asks for it, and waits for as long as that takes: this may be a worker that is kept for when it is
    /// needed.</summary>
    /// <param name="path">The daemon's socket.</param>
    /// <returns>The arguments; the descriptors have their numbers. Null when the daemon needs nobody any more, or is
    /// gone.</returns>
    /// <exception cref="LinuxException">The daemon is not there any more, or speaks another language.</exception>
    public static string[]? Fetch(string path)
    {
        UnixSocket connection = UnixSocket.Connect(path);
        List<SafeFileHandle> received = [];
        byte[] header = new byte[sizeof(int)];
        int count = connection.Receive(header, received, Timeout.InfiniteTimeSpan);
        if (count == 0)
        {
            return null;
        }

        Fill(connection, header.AsSpan(count), received);
        int length = BinaryPrimitives.ReadInt32LittleEndian(header);
        if (length is <= 0 or > MaxLength)
        {
            throw Wrong();
        }

        byte[] text = new byte[length];
        Fill(connection, text, received);
        string[] lines = Encoding.UTF8.GetString(text).Split('\n');
        int[] numbers = [.. lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(NumberOf)];
        if (numbers.Length != received.Count)
        {
            throw Wrong();
        }

        InheritedDescriptors.Place(
        [
            (WorkerOptions.ControlDescriptor, connection.Handle),
            .. numbers.Select((number, i) => (number, received[i])),
        ]);
        return lines[1..];
    }

    private static void Fill(UnixSocket connection, Span<byte> buffer, List<SafeFileHandle> received)
    {
        while (!buffer.IsEmpty)
        {
            int count = connection.Receive(buffer, received, Patience);
            if (count == 0)
            {
                throw Wrong();
            }

            buffer = buffer[count..];
        }
    }

    private static int NumberOf(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
        && number is > WorkerOptions.ControlDescriptor and < MaxNumber
            ? number
            : throw Wrong();

    private static LinuxException Wrong() => new("understand the daemon", Errno.EINVAL);
}
