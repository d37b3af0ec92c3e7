using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Imaged.Linux.Sockets;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace Imaged.Linux;

/// <summary>Keeps descriptors in the service manager's store, which outlives this process (sd_notify(3), FDSTORE). Does
/// nothing where there is no service manager.</summary>
public static unsafe class SystemdNotify
{
    private const int FirstPassed = 3; // SD_LISTEN_FDS_START

    /// <summary>Whether there is a service manager to talk to.</summary>
    public static bool IsAvailable => !string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NOTIFY_SOCKET"));

    /// <summary>Puts descriptors into the store and waits until they are there: from then on they outlive us.</summary>
    /// <param name="handles">Each with the name under which it comes back: no colon, at most 255 characters. Those of
    /// one name come back in no particular order.</param>
    public static void Store(IReadOnlyList<(string Name, SafeHandle Handle)> handles)
    {
        if (!IsAvailable)
        {
            return;
        }

        foreach ((string name, SafeHandle handle) in handles)
        {
            // FDPOLL=0: a FUSE device reports an error before it is mounted and must be kept all the same.
            Send($"FDSTORE=1\nFDNAME={name}\nFDPOLL=0", [handle]);
        }

        Barrier();
    }

    /// <summary>Removes what is stored under a name.</summary>
    public static void Remove(string name)
    {
        if (IsAvailable)
        {
            Send($"FDSTOREREMOVE=1\nFDNAME={name}", []);
        }
    }

    /// <summary>Says that this process is alive (sd_notify(3), WATCHDOG).</summary>
    public static void Alive()
    {
        Tell("WATCHDOG=1");
    }

    /// <summary>Says that the settings are being read again (sd_notify(3), RELOADING); to be followed by
    /// <see cref="Ready"/>.</summary>
    public static void Reloading()
    {
        // The time of CLOCK_MONOTONIC is for Type=notify-reload, of systemd 253 and later.
        long microseconds = Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1_000_000);
        Tell(string.Create(CultureInfo.InvariantCulture, $"RELOADING=1\nMONOTONIC_USEC={microseconds}"));
    }

    /// <summary>Says that they were read (sd_notify(3), READY).</summary>
    public static void Ready()
    {
        Tell("READY=1");
    }

    /// <summary>Shows a line in <c>systemctl status</c>.</summary>
    /// <param name="text">Without line breaks.</param>
    public static void Status(string text)
    {
        Tell($"STATUS={text}");
    }

    /// <summary>Takes what the service manager passed: sockets that it listens on for us, and what was stored. May be
    /// called once.</summary>
    /// <returns>Each descriptor with its name, in order.</returns>
    public static IReadOnlyList<(string Name, SafeFileHandle Handle)> TakePassed()
    {
        string? pid = Environment.GetEnvironmentVariable("LISTEN_PID");
        string? count = Environment.GetEnvironmentVariable("LISTEN_FDS");
        string[] names = (Environment.GetEnvironmentVariable("LISTEN_FDNAMES") ?? string.Empty).Split(':');
        foreach (string variable in new[] { "LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES" })
        {
            Environment.SetEnvironmentVariable(variable, null);
        }

        List<(string Name, SafeFileHandle Handle)> passed = [];
        if (pid != Environment.ProcessId.ToString(CultureInfo.InvariantCulture)
            || !int.TryParse(count, out int number))
        {
            return passed;
        }

        for (int i = 0; i < number; i++)
        {
            SafeFileHandle handle = HostPath.Wrap(FirstPassed + i);
            HostPath.SetCloseOnExec(handle);
            passed.Add((i < names.Length ? names[i] : string.Empty, handle));
        }

        return passed;
    }

    // What is lost when the manager does not listen matters to nobody.
    private static void Tell(string text)
    {
        if (!IsAvailable)
        {
            return;
        }

        try
        {
            Send(text, []);
        }
        catch (LinuxException)
        {
            // It is restarting itself, or ending.
        }
    }

    // The manager answers by closing the other end of a pipe, after everything that was sent before.
    private static void Barrier()
    {
        int* pipe = stackalloc int[2];
        LinuxException.Check(LibC.pipe2(pipe, LibC.O_CLOEXEC), "pipe");
        using SafeFileHandle reader = HostPath.Wrap(pipe[0]);
        using (SafeFileHandle writer = HostPath.Wrap(pipe[1]))
        {
            Send("BARRIER=1", [writer]);
        }

        _ = SocketCalls.Wait(HostPath.Number(reader), SocketCalls.PollIn, null, TimeSpan.FromSeconds(5));
    }

    private static void Send(string text, IReadOnlyList<SafeHandle> handles) => Datagram.Send(
        Environment.GetEnvironmentVariable("NOTIFY_SOCKET")!,
        Encoding.UTF8.GetBytes(text),
        handles,
        "notify the service manager");
}
