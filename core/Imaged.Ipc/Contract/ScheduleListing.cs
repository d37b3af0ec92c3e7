namespace Imaged.Ipc.Contract;

/// <summary>The backups that are made by themselves, as <c>imagectl backup list --json</c> prints them.</summary>
public sealed record ScheduleListing
{
    /// <summary>They, by name.</summary>
    public IReadOnlyList<ScheduledBackup> Schedules { get; set; } = [];
}

/// <summary>A backup that is made by itself.</summary>
public sealed record ScheduledBackup
{
    /// <summary>Name of its file of settings, without the extension.</summary>
    public string Name { get; set; } = string.Empty;

    /// <summary>What is saved.</summary>
    public string? Source { get; set; }

    /// <summary>The folder that it is saved to.</summary>
    public string? Target { get; set; }

    /// <summary>What is wrong with its settings; it does not run then.</summary>
    public IReadOnlyList<string> Problems { get; set; } = [];

    /// <summary>The last time it ran; null when it never did.</summary>
    public BackupRunRecord? Last { get; set; }

    /// <summary>The last time that it ran and nothing failed; null when that never was.</summary>
    public BackupRunRecord? LastGood { get; set; }

    /// <summary>When it runs next, in UTC, RFC 3339; null when the service manager does not say so.</summary>
    public string? Next { get; set; }

    /// <summary>How many of its backups there are; null when the folder cannot be read.</summary>
    public int? Backups { get; set; }

    /// <summary>How many bytes their files have.</summary>
    public long? Size { get; set; }

    /// <summary>How many backups the newest one stands on, one below the other.</summary>
    public int? Depth { get; set; }
}

/// <summary>What became of a run of a scheduled backup.</summary>
public sealed record BackupRunRecord
{
    /// <summary>When it began, in UTC, RFC 3339.</summary>
    public string Started { get; set; } = string.Empty;

    /// <summary>When it ended.</summary>
    public string Ended { get; set; } = string.Empty;

    /// <summary>Exit code, as of <c>imagectl backup</c>.</summary>
    public int ExitCode { get; set; }

    /// <summary>The backup that it made, without the folder; null for none.</summary>
    public string? File { get; set; }

    /// <summary>Length of that file in bytes.</summary>
    public long FileSize { get; set; }

    /// <summary>When it was read again and compared; null when it was not.</summary>
    public string? Verified { get; set; }

    /// <summary>What went wrong; null for nothing.</summary>
    public string? Problem { get; set; }
}

/// <summary>What is kept of the runs of a scheduled backup.</summary>
public sealed record BackupRunHistory
{
    /// <summary>The last one.</summary>
    public BackupRunRecord? Last { get; set; }

    /// <summary>The last one that was good.</summary>
    public BackupRunRecord? LastGood { get; set; }
}
