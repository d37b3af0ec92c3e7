using Microsoft.Extensions.Logging;

namespace Imaged.Daemon.Journal;

/// <summary>Logs to the journal, with the parameters of each message as fields.</summary>
internal sealed class JournalLoggerProvider : ILoggerProvider
{
    private readonly string _socket;

    /// <summary>Logs to the journal that listens on a socket.</summary>
    public JournalLoggerProvider(string socket)
    {
        _socket = socket;
    }

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new JournalLogger(_socket);

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
