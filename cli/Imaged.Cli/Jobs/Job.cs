using System.Diagnostics;
using Imaged.Ipc.Contract;
using Imaged.Linux;

namespace Imaged.Cli.Jobs;

/// <summary>The long action that this process does: its record is kept up to date, for other commands to see it, and it
/// goes on when the terminal it was started from is lost. All members may be called from any thread.</summary>
internal sealed class Job : IDisposable
{
    private const int MaxMessages = 20;
    private static readonly long Interval = Stopwatch.Frequency / 2;

    private readonly Lock _lock = new();
    private readonly JobFolder? _folder;
    private readonly JobRecord _record;
    private long _next;

    private Job(JobFolder? folder, JobRecord record)
    {
        _folder = folder;
        _record = record;
    }

    /// <summary>The one of this process; null when what it does is no job.</summary>
    public static Job? Current { get; private set; }

    /// <summary>What it is called by; null when no record can be kept of it, which does no other harm.</summary>
    public string? Id => _folder is null ? null : _record.Id;

    /// <summary>Begins to keep a record.</summary>
    /// <param name="verb">What is done.</param>
    /// <param name="arguments">The command line: secrets never stand there.</param>
    public static Job Begin(string verb, IReadOnlyList<string> arguments)
    {
        JobFolder? folder = JobFolder.Own;
        string? id = folder?.TryReserve();
        JobRecord record = new()
        {
            Id = id ?? string.Empty,
            Verb = verb,
            Arguments = arguments,
            Pid = Environment.ProcessId,
            StartTime = ChildProcess.StartTimeOf(Environment.ProcessId),
            Started = ContractTime.Text(DateTime.UtcNow),
        };
        Current = new(id is null ? null : folder, record);
        Current.Write();
        return Current;
    }

    /// <summary>Notes how far it is.</summary>
    public void Show(JobProgress level)
    {
        lock (_lock)
        {
            bool isNewPhase = level.Phase != _record.Level.Phase;
            _record.Level = level;
            long now = Stopwatch.GetTimestamp();
            if (isNewPhase || now >= _next)
            {
                _next = now + Interval;
                Write();
            }
        }
    }

    /// <summary>Notes what is said to the user, who may be gone.</summary>
    public void Note(string message)
    {
        lock (_lock)
        {
            _record.Messages = [.. _record.Messages.TakeLast(MaxMessages - 1), message];
        }
    }

    /// <summary>Notes how it ended; only the first time counts.</summary>
    public void End(JobState state, int exitCode)
    {
        lock (_lock)
        {
            if (_record.State == JobState.Running)
            {
                _record.State = state;
                _record.ExitCode = exitCode;
                _record.Ended = ContractTime.Text(DateTime.UtcNow);
                Write();
            }
        }
    }

    /// <summary>It is no longer the current one.</summary>
    public void Dispose() => Current = null;

    private void Write() => _folder?.TryWrite(_record);
}
