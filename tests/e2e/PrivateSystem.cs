using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using Imaged.TestKit;
using Xunit;

namespace Imaged.E2e;

/// <summary>A daemon of the test's own, with its own socket and folders, and the machine watched: at the end nothing
/// that the test made may be left.</summary>
internal sealed class PrivateSystem : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, string> _environment;
    private RunningCommand? _daemon;
    private bool _failed;

    private PrivateSystem()
    {
        Programs.RequireBuilt();
        Requires.Root();

        // Workers of other users reach their images through it.
        Tool.Run("chmod", "755", _folder.Path);
        _environment = new()
        {
            ["IMAGED_SOCKET"] = Socket,
            ["XDG_CACHE_HOME"] = _folder["cache"],
            ["IMAGED_JOBS"] = _folder["jobs"],
            ["IMAGED_BACKUP_D"] = _folder["backup.d"],
            ["IMAGED_BACKUP_STATE"] = _folder["backup"],
        };
        AppDomain.CurrentDomain.FirstChanceException += NoteFailure;
    }

    /// <summary>The test's folder.</summary>
    public string Folder => _folder.Path;

    /// <summary>The daemon's socket.</summary>
    public string Socket => _folder["io.imaged"];

    /// <summary>Where mounts without a directory go.</summary>
    public string Media => _folder["media"];

    /// <summary>Whether an assertion failed.</summary>
    public bool HasFailed => _failed;

    /// <summary>The daemon's process.</summary>
    public int DaemonPid => _daemon!.Pid;

    /// <summary>Ids of all workers.</summary>
    public static int[] Workers => Machine.Processes(Programs.Worker);

    /// <summary>A system whose daemon runs.</summary>
    /// <param name="configuration">Lines of its configuration file.</param>
    public static PrivateSystem Start(params string[] configuration)
    {
        PrivateSystem system = new();
        File.WriteAllLines(system["imaged.conf"], configuration);
        system.StartDaemon();
        return system;
    }

    /// <summary>A system without a daemon.</summary>
    public static PrivateSystem WithoutDaemon() => new();

    /// <summary>Path of a file in the test's folder.</summary>
    public string this[string name] => _folder[name];

    /// <summary>An image of tests/samples, unpacked into the test's folder.</summary>
    public string Sample(string name) => TreeSamples.Unpack(name, Folder);

    /// <summary>Starts the daemon and waits until it answers.</summary>
    public void StartDaemon()
    {
        _daemon = RunningCommand.Start(
            Programs.Daemon,
            [
                "--socket", Socket, "--state-dir", _folder["state"],
                "--media-dir", Media, "--cache-dir", _folder["caches"], "--config", this["imaged.conf"],
            ],
            _environment,
            Folder);
        Assert.True(Machine.Eventually(() => _daemon.HasExited || Answers()), "the daemon does not answer");
        if (_daemon.HasExited)
        {
            Assert.Fail(_daemon.Finish().ToString());
        }
    }

    /// <summary>Kills the daemon without warning.</summary>
    public void KillDaemon()
    {
        _daemon!.Signal("KILL");
        _ = _daemon.Finish();
    }

    /// <summary>Stops the daemon as systemd would.</summary>
    public CommandResult StopDaemon()
    {
        _daemon!.Signal("TERM");
        CommandResult result = _daemon.Finish();
        _daemon.Dispose();
        _daemon = null;
        return result;
    }

    /// <summary>Runs <c>imagectl</c>.</summary>
    public CommandResult Run(params string[] arguments)
    {
        using RunningCommand command = Begin(arguments);
        return command.Finish();
    }

    /// <summary>Starts <c>imagectl</c>.</summary>
    public RunningCommand Begin(params string[] arguments) =>
        RunningCommand.Start(Programs.Control, arguments, _environment, Folder);

    /// <summary>Runs <c>imagectl</c> under another name.</summary>
    public CommandResult RunAs(string name, params string[] arguments)
    {
        string link = this[name];
        if (!File.Exists(link))
        {
            File.CreateSymbolicLink(link, Programs.Control);
        }

        using RunningCommand command = RunningCommand.Start(link, arguments, _environment, Folder);
        return command.Finish();
    }

    /// <summary>Runs <c>imagectl</c> as the user <c>nobody</c>.</summary>
    public CommandResult RunAsNobody(params string[] arguments)
    {
        using RunningCommand command = BeginAsNobody(Programs.Control, arguments);
        return command.Finish();
    }

    /// <summary>Starts a program as the user <c>nobody</c>.</summary>
    public RunningCommand BeginAsNobody(string program, params string[] arguments) => RunningCommand.Start(
        "/usr/bin/setpriv",
        ["--reuid=65534", "--regid=65534", "--clear-groups", program, .. arguments],
        _environment,
        Folder);

    /// <summary>Mounts an image and returns its directory.</summary>
    public string Mount(params string[] arguments)
    {
        string directory = Run(["mount", .. arguments]).Succeeds().Output.TrimEnd('\n');
        Assert.Contains(directory, Machine.MountsBelow(Folder));
        return directory;
    }

    /// <summary>Nothing is mounted or attached, and no worker runs.</summary>
    public void AssertClean()
    {
        Assert.Empty(Machine.MountsBelow(Folder));
        Assert.True(Machine.Eventually(() => OwnLoops().Length == 0), $"left: {string.Join(' ', OwnLoops())}");
        Assert.True(Machine.Eventually(() => Workers.Length == 0), $"workers left: {string.Join(' ', Workers)}");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            // When the test has failed, that is what is to be told, not what it left behind.
            if (!_failed)
            {
                AssertClean();
                if (_daemon is not null)
                {
                    CommandResult end = StopDaemon();
                    Assert.True(end.ExitCode == 0, end.ToString());
                }

                Assert.Empty(Machine.Processes(Programs.Daemon));
            }
        }
        finally
        {
            AppDomain.CurrentDomain.FirstChanceException -= NoteFailure;
            CleanUp();
            _folder.Dispose();
        }
    }

    private void NoteFailure(object? sender, FirstChanceExceptionEventArgs thrown) =>
        _failed |= thrown.Exception is Xunit.Sdk.IAssertionException;

    private bool Answers()
    {
        try
        {
            using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(Socket));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private string[] OwnLoops() =>
        [.. Machine.Loops().Where(loop => loop.Value.StartsWith(Folder, StringComparison.Ordinal))
            .Select(loop => $"{loop.Key}: {loop.Value}")];

    // By force, whatever the test did.
    private void CleanUp()
    {
        _daemon?.Dispose();
        foreach (string mount in Machine.MountsBelow(Folder))
        {
            Tool.TryRun("umount", "-l", mount);
        }

        foreach ((string device, string file) in Machine.Loops())
        {
            if (file.StartsWith(Folder, StringComparison.Ordinal))
            {
                Tool.TryRun("losetup", "-d", device);
            }
        }

        foreach (int worker in Workers)
        {
            Machine.Signal(worker, "KILL");
        }
    }
}
