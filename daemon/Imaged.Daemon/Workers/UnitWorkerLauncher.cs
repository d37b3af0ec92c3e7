using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Imaged.Daemon.Config;
using Imaged.Ipc;
using Imaged.Linux;
using Imaged.Linux.Sockets;

namespace Imaged.Daemon.Workers;

/// <summary>Has systemd start each worker as a unit of its own, with its sandbox and its limits. The worker connects to
/// a socket that is made for it, is told there what a child would be told by arguments, and is given what a child would
/// inherit.</summary>
internal sealed class UnitWorkerLauncher : WorkerLauncher
{
    private const string StartSuffix = ".start";
    private const string Manager = "/usr/bin/systemctl";

    // A machine that boots may be slow; what waits here is a user.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    // How often a unit that does not connect is asked whether it lives.
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    // A spare one is not made while the last one is getting to work, or a daemon takes over what there is.
    private static readonly TimeSpan SpareDelay = TimeSpan.FromSeconds(2);

    private readonly string _template;
    private readonly SpareWorker _spare;
    private long _last;

    /// <summary>A launcher of instances of the unit in <paramref name="options"/>.</summary>
    public UnitWorkerLauncher(DaemonOptions options, Settings settings)
        : base(options, settings)
    {
        _template = options.WorkerUnit!;
        _spare = new SpareWorker(() => StartUnit("spare"), SpareDelay);

        // Of a daemon that was killed while it waited for a unit: nobody listens there any more.
        foreach (string left in Directory.EnumerateFiles(Folder, "*" + StartSuffix))
        {
            File.Delete(left);
        }
    }

    /// <inheritdoc/>
    public override void KeepSpare(bool isWanted) => _spare.Keep(isWanted);

    /// <inheritdoc/>
    public override void Dispose()
    {
        _spare.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override (ChildProcess Process, UnixSocket Control) Launch(
        string id,
        bool isUrgent,
        IReadOnlyList<string> arguments,
        IReadOnlyList<(int Target, SafeHandle Handle)> descriptors)
    {
        if (isUrgent && _spare.Take() is { } spare)
        {
            try
            {
                return Hand(spare, arguments, descriptors);
            }
            catch (Exception error) when (error is LinuxException or ImagedException)
            {
                // It was killed while it waited.
            }
        }

        return Hand(StartUnit(id), arguments, descriptors);
    }

    private WaitingWorker StartUnit(string id)
    {
        string instance = NextInstance(id);
        string unit = _template.Replace("@", "@" + instance, StringComparison.Ordinal);
        string path = Path.Combine(Folder, instance + StartSuffix);
        using UnixSocket listener = UnixSocket.Listen(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        try
        {
            if (!HasConnected(listener, unit))
            {
                throw new ImagedException(
                    ErrorKind.Failed, $"systemd did not start '{unit}'; see why with: journalctl -b -u '{unit}'");
            }

            return new(unit, listener.Accept(null)!);
        }
        finally
        {
            File.Delete(path);
        }
    }

    // Has the unit started, and waits until its process connects, which it does first of all; or until it is known that
    // it never will.
    private static bool HasConnected(UnixSocket listener, string unit)
    {
        using ChildProcess command = ChildProcess.Start(Manager, ["start", "--quiet", unit], []);
        bool connects = Poller.Wait([listener.Handle, command.Descriptor], Milliseconds(Patience)).Contains(0);
        if (!command.WaitForExit(Milliseconds(connects ? Patience : TimeSpan.Zero)))
        {
            command.Kill();
            command.WaitForExit(-1);
            return connects;
        }

        long end = Environment.TickCount64 + Milliseconds(Patience);
        while (!connects && command.ExitCode == 0 && Environment.TickCount64 < end)
        {
            // One that was killed before it could connect is started anew by whoever wants it, and soon. To ask costs
            // about as much as the start: not before it may be late.
            connects = Poller.Wait([listener.Handle], Milliseconds(Interval)).Count > 0;
            if (!connects && !IsActive(unit))
            {
                connects = Poller.Wait([listener.Handle], 0).Count > 0;
                break;
            }
        }

        return connects;
    }

    private static bool IsActive(string unit)
    {
        using ChildProcess command = ChildProcess.Start(Manager, ["is-active", "--quiet", unit], []);
        if (!command.WaitForExit(Milliseconds(Patience)))
        {
            command.Kill();
            command.WaitForExit(-1);
        }

        return command.ExitCode == 0;
    }

    private static int Milliseconds(TimeSpan time) => (int)time.TotalMilliseconds;

    // A unit whose process has just ended is still there for a moment: each gets a name that none had.
    private string NextInstance(string id)
    {
        long now = DateTime.UtcNow.Ticks;
        long before;
        long next;
        do
        {
            before = Interlocked.Read(ref _last);
            next = Math.Max(now, before + 1);
        }
        while (Interlocked.CompareExchange(ref _last, next, before) != before);
        return $"{id}-{next.ToString("x", CultureInfo.InvariantCulture)}";
    }

    private static (ChildProcess Process, UnixSocket Control) Hand(
        WaitingWorker worker,
        IReadOnlyList<string> arguments,
        IReadOnlyList<(int Target, SafeHandle Handle)> descriptors)
    {
        (string unit, UnixSocket connection) = worker;
        ChildProcess? process = null;
        try
        {
            // The folder lets root only in, and the process waits for us: the number is still its own.
            int pid = connection.GetPeer().Pid;
            process = ChildProcess.Adopt(pid, ChildProcess.StartTimeOf(pid))
                ?? throw new ImagedException(
                    ErrorKind.Failed, $"'{unit}' ended at once; see why with: journalctl -b -u '{unit}'");
            string numbers = string.Join(' ', descriptors.Select(item => item.Target));
            byte[] text = Encoding.UTF8.GetBytes(string.Join('\n', [numbers, .. arguments]));
            byte[] message = new byte[sizeof(int) + text.Length];
            BinaryPrimitives.WriteInt32LittleEndian(message, text.Length);
            text.CopyTo(message, sizeof(int));
            connection.Send(message, [.. descriptors.Select(item => item.Handle)], Patience);
            return (process, connection);
        }
        catch
        {
            process?.Kill();
            process?.Dispose();
            connection.Dispose();
            throw;
        }
    }
}
