using System.Globalization;
using Imaged.Linux;
using Microsoft.Win32.SafeHandles;

namespace Imaged.Cli.Consistency;

/// <summary>File systems that are frozen, for a limited time. From the first one on nothing here writes to a
/// disk: it might be one of theirs.</summary>
internal sealed class FrozenFileSystems : IHeldSource
{
    private readonly Lock _lock = new();
    private readonly IReadOnlyList<SafeFileHandle> _roots;
    private readonly bool[] _isFrozen;
    private readonly TimeSpan _limit;
    private readonly ManualResetEventSlim _over = new();
    private readonly Thread _watchdog;
    private volatile bool _ended;
    private volatile string? _fault;
    private long _began;

    /// <summary>File systems to be frozen.</summary>
    /// <param name="roots">Something on each; belong to this object.</param>
    /// <param name="limit">How long they may be frozen.</param>
    public FrozenFileSystems(IReadOnlyList<SafeFileHandle> roots, TimeSpan limit)
    {
        _roots = roots;
        _isFrozen = new bool[roots.Count];
        _limit = limit;
        _watchdog = new(Watch) { IsBackground = true };
    }

    /// <inheritdoc/>
    // A moment after the watchdog, which does not depend on whoever calls this.
    public int NextLook => _fault is not null ? 0
        : _ended ? -1
        : (int)Math.Max(0, _limit.TotalMilliseconds - (Environment.TickCount64 - _began)) + 100;

    /// <inheritdoc/>
    public string Hold()
    {
        // What is written out before is not waited for while they are frozen.
        foreach (SafeFileHandle root in _roots)
        {
            FileSystemFreeze.Sync(root);
        }

        string[] names = [.. _roots.Select(root => HostPath.NameOf(root))];
        _watchdog.Start();

        // What may not be locked stays where it is as long as there is memory: a help, no condition.
        ProcessMemory.TryLock();
        _began = Environment.TickCount64;
        for (int i = 0; i < _roots.Count; i++)
        {
            try
            {
                FileSystemFreeze.Freeze(_roots[i]);
            }
            catch (LinuxException error)
            {
                ThawAll();
                throw new CliException(ExitCode.Refused, error.Errno switch
                {
                    Errno.EBUSY => $"'{names[i]}' is frozen already, by another program: wait for it, or thaw it "
                        + $"(fsfreeze -u '{names[i]}')",
                    Errno.EPERM => "only root may freeze file systems",
                    _ => $"'{names[i]}' cannot be frozen ({LinuxException.Text(error.Errno)}): unmount it, or make it "
                        + "read-only meanwhile (mount -o remount,ro)",
                });
            }

            lock (_lock)
            {
                _isFrozen[i] = true;
            }

            // The time may have been over while this one was waited for.
            if (_ended)
            {
                ThawAll();
            }
        }

        return string.Empty;
    }

    /// <inheritdoc/>
    public string? Look() => _fault;

    /// <inheritdoc/>
    public string? Finish()
    {
        ThawAll();
        return _fault;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ThawAll();
        if (_watchdog.IsAlive)
        {
            _watchdog.Join();
        }

        _over.Dispose();
        foreach (SafeFileHandle root in _roots)
        {
            root.Dispose();
        }
    }

    private void Watch()
    {
        if (!_over.Wait(_limit))
        {
            lock (_lock)
            {
                _fault ??= string.Create(
                    CultureInfo.InvariantCulture,
                    $"the source was frozen for {_limit.TotalSeconds:0} s, which is the limit, and changes again: ")
                    + "nothing was kept; allow more (--consistency=freeze:SECONDS), or save it from a snapshot";
            }

            ThawAll();
        }
    }

    private void ThawAll()
    {
        lock (_lock)
        {
            for (int i = _roots.Count - 1; i >= 0; i--)
            {
                if (_isFrozen[i])
                {
                    _isFrozen[i] = false;
                    Thaw(_roots[i]);
                }
            }

            _ended = true;
            _over.Set();
        }
    }

    private void Thaw(SafeFileHandle root)
    {
        try
        {
            if (!FileSystemFreeze.Thaw(root))
            {
                _fault ??= "somebody else thawed the source while it was saved: it may have changed, nothing was kept";
            }
        }
        catch (LinuxException error)
        {
            _fault ??= $"cannot {error.Message}; try 'fsfreeze -u'";
        }
    }
}
