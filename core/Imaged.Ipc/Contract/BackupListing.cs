namespace Imaged.Ipc.Contract;

/// <summary>The backups of a folder, as <c>imagectl backup list --json</c> prints them.</summary>
public sealed record BackupListing
{
    /// <summary>The backups, the oldest first.</summary>
    public IReadOnlyList<BackupListed> Backups { get; set; } = [];
}

/// <summary>A backup of a folder.</summary>
public sealed record BackupListed
{
    /// <summary>Name of its file.</summary>
    public string Name { get; set; } = string.Empty;

    /// <summary>Length of its file in bytes.</summary>
    public long FileSize { get; set; }

    /// <summary>What its manifest says; null when that cannot be read.</summary>
    public BackupDescription? Backup { get; set; }

    /// <summary>What is wrong with it, without reading it all; null for nothing.</summary>
    public string? Problem { get; set; }
}
