using System.Globalization;
using Imaged.Linux.Sockets;

namespace Imaged.Linux;

/// <summary>The journal of systemd, in its own protocol: entries with fields.</summary>
public static class SystemdJournal
{
    /// <summary>Where it listens.</summary>
    public const string DefaultSocket = "/run/systemd/journal/socket";

    /// <summary>Whether standard error goes to the journal: then its own protocol says the same and more
    /// (systemd.exec(5), JOURNAL_STREAM).</summary>
    public static bool IsStandardError
    {
        get
        {
            string[] parts = (Environment.GetEnvironmentVariable("JOURNAL_STREAM") ?? string.Empty).Split(':');
            if (parts.Length != 2
                || !ulong.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out ulong device)
                || !ulong.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out ulong inode))
            {
                return false;
            }

            FileIdentity stream = HostPath.Identify(StandardStream.Error.Handle);
            return stream.Inode == inode && stream.Device.Number == device;
        }
    }

    /// <summary>Adds an entry.</summary>
    /// <param name="entry">Its fields: see "Native journal protocol" of systemd.</param>
    /// <param name="socket">Where the journal listens.</param>
    /// <exception cref="LinuxException">It cannot be added.</exception>
    public static void Send(ReadOnlySpan<byte> entry, string socket) =>
        Datagram.Send(socket, entry, [], "write to the journal");
}
