namespace Imaged.Daemon.Config;

/// <summary>The settings in force, which may change while the daemon runs. Thread-safe: who needs several of them at
/// once takes <see cref="Current"/> once.</summary>
internal sealed class Settings
{
    private readonly string? _path;
    private volatile DaemonConfig _current;
    private long _written;

    /// <summary>The settings of a file, wrong lines left out; the defaults when there is none.</summary>
    public Settings(string path)
    {
        _path = path;
        _written = WrittenAt(path);
        _current = DaemonConfig.Load(path);
    }

    /// <summary>Settings that stay.</summary>
    public Settings(DaemonConfig config)
    {
        _current = config;
    }

    /// <summary>What holds now.</summary>
    public DaemonConfig Current => _current;

    /// <summary>Whether the file is another one than that which was read.</summary>
    public bool IsOutdated => _path is not null && WrittenAt(_path) != Interlocked.Read(ref _written);

    /// <summary>Reads the file again. A file with a wrong line changes nothing.</summary>
    /// <returns>What is wrong with the file: line numbers with a sentence each; empty when it holds now.</returns>
    public IReadOnlyList<string> Reload()
    {
        if (_path is null)
        {
            return [];
        }

        // Before it is read: one that is written meanwhile counts as outdated.
        long written = WrittenAt(_path);
        DaemonConfig config = DaemonConfig.Load(_path);
        if (config.Problems.Count == 0)
        {
            _current = config;
            Interlocked.Exchange(ref _written, written);
        }

        return config.Problems;
    }

    private static long WrittenAt(string path) => File.GetLastWriteTimeUtc(path).Ticks;
}
