using System.Globalization;
using System.Runtime.InteropServices;
using Imaged.Cli.Hosting;
using Imaged.Linux;
using Imaged.Linux.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Consistency;

/// <summary>The guard's other end: a process of its own session holds the source, and lets it go when this one ends in
/// whatever way. If the guard dies instead, the file systems that it froze are thawed from here.</summary>
internal sealed class SourceGuard : IDisposable
{
    /// <summary>The descriptor that the guard talks by; what it is to freeze follows.</summary>
    public const int Descriptor = 3;

    /// <summary>The verb that is the guard.</summary>
    public const string Verb = "backup-guard";

    // Removing a snapshot waits for those who have it open, and for LVM's locks.
    private const int EndMilliseconds = 120_000;

    private readonly ChildProcess _process;
    private readonly GuardChannel _channel;
    private readonly IReadOnlyList<SafeFileHandle> _frozen;
    private readonly ManualResetEventSlim _answered = new();
    private readonly IDisposable _interrupt;
    private readonly Lock _lock = new();
    private readonly Thread _listener;
    private volatile string? _fault;
    private volatile bool _closing;
    private Action? _onLost;

    private SourceGuard(ChildProcess process, GuardChannel channel, IReadOnlyList<SafeFileHandle> frozen)
    {
        _process = process;
        _channel = channel;
        _frozen = frozen;
        _listener = new(Listen) { IsBackground = true };
        _interrupt = Interrupts.Add(Close);
    }

    /// <summary>Where the source is read; empty for where it is.</summary>
    public string Path { get; private set; } = string.Empty;

    /// <summary>Whether the guard was killed: a snapshot is left then.</summary>
    public bool IsKilled { get; private set; }

    /// <summary>Why the source is not any more as it was; null while it is.</summary>
    public string? Fault => _fault;

    /// <summary>Starts a guard, which holds the source when this returns.</summary>
    /// <param name="how">As the option says it.</param>
    /// <param name="roots">Something on each file system to be frozen, for a snapshot only while it is made; belong to
    /// the guard from now on.</param>
    /// <param name="volume">The logical volume of which a snapshot is made.</param>
    /// <exception cref="CliException">It cannot be held.</exception>
    public static SourceGuard Start(string how, IReadOnlyList<SafeFileHandle> roots, string? volume = null)
    {
        string program = Environment.ProcessPath
            ?? throw new CliException(ExitCode.Failed, "imagectl does not know where it is itself: is /proc mounted?");
        (UnixSocket near, UnixSocket far) = UnixSocket.CreatePair();
        SourceGuard guard;

        // The guard's end is closed here before anything is waited for: else its death would not be noticed.
        using (far)
        {
            List<(int Target, SafeHandle Handle)> descriptors = [(Descriptor, far.Handle)];
            descriptors.AddRange(roots.Select((root, i) => (Descriptor + 1 + i, (SafeHandle)root)));
            string count = roots.Count.ToString(CultureInfo.InvariantCulture);
            List<string> arguments = [Verb, how, count, .. volume is null ? (string[])[] : [volume]];
            guard = new(ChildProcess.Start(program, arguments, descriptors), new(near), roots);
        }

        try
        {
            guard.Begin();
            return guard;
        }
        catch
        {
            guard.Dispose();
            throw;
        }
    }

    /// <summary>Has something done as soon as the source is not as it was.</summary>
    /// <param name="action">Called once, on any thread.</param>
    public void OnLost(Action action)
    {
        lock (_lock)
        {
            _onLost = action;
        }

        if (_fault is not null)
        {
            action();
        }
    }

    /// <summary>Nothing more is read: file systems are thawed.</summary>
    /// <returns>Why the source was not as it was all the time; null when it was.</returns>
    public string? Finish()
    {
        _channel.Send(GuardChannel.Done);
        _answered.Wait();
        return _fault;
    }

    /// <summary>Lets the source go and waits until that is done.</summary>
    public void Dispose()
    {
        Close();
        _interrupt.Dispose();
        if (_listener.IsAlive)
        {
            _listener.Join();
        }

        _answered.Dispose();
        _channel.Dispose();
        _process.Dispose();
        foreach (SafeFileHandle root in _frozen)
        {
            root.Dispose();
        }
    }

    private void Begin()
    {
        GuardMessage? first = _channel.Receive();
        if (first is not { Word: GuardChannel.Ready } ready)
        {
            if (first is null)
            {
                Thaw(); // killed, and some were frozen, it may be
            }

            throw new CliException(
                ExitCode.Refused, first?.Text ?? "the process that was to keep the source from changing has ended");
        }

        Path = ready.Text;
        _listener.Start();
    }

    private void Listen()
    {
        try
        {
            while (_channel.Receive() is { } message)
            {
                if (message.Word == GuardChannel.Lost)
                {
                    Lose(message.Text);
                }

                _answered.Set();
            }
        }
        catch (Exception error) when (error is LinuxException or ObjectDisposedException)
        {
            // It is over, as below.
        }

        if (!_closing)
        {
            IsKilled = true;
            Thaw();
            Lose("the process that kept the source from changing was killed: it may have changed, nothing was kept");
        }

        _answered.Set();
    }

    private void Lose(string sentence)
    {
        Action? action;
        lock (_lock)
        {
            action = _fault is null ? _onLost : null;
            _fault ??= sentence;
        }

        action?.Invoke();
    }

    private void Close()
    {
        _closing = true;
        _channel.Socket.Shutdown();
        _process.WaitForExit(EndMilliseconds);
    }

    private void Thaw()
    {
        foreach (SafeFileHandle root in _frozen)
        {
            try
            {
                FileSystemFreeze.Thaw(root);
            }
            catch (LinuxException error)
            {
                Output.Printer.Message($"cannot {error.Message}; try 'fsfreeze -u'");
            }
        }
    }
}
