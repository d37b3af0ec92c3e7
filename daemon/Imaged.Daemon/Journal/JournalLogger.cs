using System.Globalization;
using Imaged.Linux;
using Microsoft.Extensions.Logging;

namespace Imaged.Daemon.Journal;

/// <summary>Makes an entry of each message.</summary>
internal sealed class JournalLogger : ILogger
{
    private readonly string _socket;

    /// <summary>A logger of the journal that listens on a socket.</summary>
    public JournalLogger(string socket)
    {
        _socket = socket;
    }

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

    /// <inheritdoc/>
    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        string message = formatter(state, exception);
        JournalEntry entry = new();
        entry.Add("MESSAGE", message);
        entry.Add("PRIORITY", PriorityOf(logLevel).ToString(CultureInfo.InvariantCulture));
        entry.Add("SYSLOG_IDENTIFIER", "imaged");
        if (MessageIds.All.TryGetValue(eventId.Id, out string? id))
        {
            entry.Add("MESSAGE_ID", id);
        }

        foreach ((string name, object? value) in state as IReadOnlyList<KeyValuePair<string, object?>> ?? [])
        {
            if (name != "{OriginalFormat}")
            {
                entry.Add(
                    "IMAGED_" + name.ToUpperInvariant(),
                    Convert.ToString(value, CultureInfo.InvariantCulture) ?? string.Empty);
            }
        }

        if (exception is not null)
        {
            entry.Add("IMAGED_EXCEPTION", exception.ToString());
        }

        try
        {
            SystemdJournal.Send(entry.Bytes, _socket);
        }
        catch (LinuxException)
        {
            // It restarts, or the entry is too large: the sentence gets there as a line of standard error.
            Console.Error.WriteLine($"<{PriorityOf(logLevel)}>{message}");
        }
    }

    // As in syslog(3).
    private static int PriorityOf(LogLevel level) => level switch
    {
        LogLevel.Critical => 2,
        LogLevel.Error => 3,
        LogLevel.Warning => 4,
        LogLevel.Information => 6,
        LogLevel.Trace or LogLevel.Debug or LogLevel.None => 7,
        _ => throw new ArgumentOutOfRangeException(nameof(level), level, null),
    };
}
