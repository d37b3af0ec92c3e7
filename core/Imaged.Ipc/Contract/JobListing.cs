using System.Text.Json.Serialization;

namespace Imaged.Ipc.Contract;

/// <summary>Long actions, as <c>imagectl job list --json</c> prints them.</summary>
public sealed record JobListing
{
    /// <summary>The jobs, the oldest first.</summary>
    public IReadOnlyList<JobRecord> Jobs { get; set; } = [];
}

/// <summary>A long action: what is kept of it while it runs and for some time after.</summary>
public sealed record JobRecord
{
    /// <summary>What it is called by.</summary>
    public string Id { get; set; } = string.Empty;

    /// <summary>Verb of the command.</summary>
    public string Verb { get; set; } = string.Empty;

    /// <summary>The command line, without the program.</summary>
    public IReadOnlyList<string> Arguments { get; set; } = [];

    /// <summary>The process that does it.</summary>
    public int Pid { get; set; }

    /// <summary>When that process started, in clock ticks since boot: with <see cref="Pid"/> it names the process for
    /// good.</summary>
    public ulong StartTime { get; set; }

    /// <summary>What became of it.</summary>
    public JobState State { get; set; }

    /// <summary>When it began, in UTC, as in ISO 8601.</summary>
    public string Started { get; set; } = string.Empty;

    /// <summary>When it ended; null before that, and when nobody knows.</summary>
    public string? Ended { get; set; }

    /// <summary>How far it is.</summary>
    public JobProgress Level { get; set; } = new();

    /// <summary>Exit code of the command; null before it has ended.</summary>
    public int? ExitCode { get; set; }

    /// <summary>What the command said last, on standard output and standard error.</summary>
    public IReadOnlyList<string> Messages { get; set; } = [];
}

/// <summary>How far a job is, as a line of <c>--progress=json</c> tells it.</summary>
public sealed record JobProgress
{
    /// <summary>Id of the job; null within its record, and when none is kept.</summary>
    public string? Job { get; set; }

    /// <summary>What is being done, one word; empty before it begins.</summary>
    public string Phase { get; set; } = string.Empty;

    /// <summary>Bytes of this phase that are done.</summary>
    public long Done { get; set; }

    /// <summary>Bytes of this phase in all; 0 while that is not known.</summary>
    public long Total { get; set; }

    /// <summary>Bytes per second, on the average of this phase; null while that is not known.</summary>
    public long? Rate { get; set; }

    /// <summary>Seconds that this phase will still take at this rate; null while that is not known.</summary>
    public long? Left { get; set; }
}

/// <summary>What became of a job.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<JobState>))]
public enum JobState
{
    /// <summary>It runs.</summary>
    Running,

    /// <summary>It ended with exit code 0.</summary>
    Done,

    /// <summary>It ended with another exit code.</summary>
    Failed,

    /// <summary>It was told to end.</summary>
    Cancelled,

    /// <summary>Its process ended without a word: it was killed, or crashed.</summary>
    Lost,
}
