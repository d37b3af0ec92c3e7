namespace Imaged.Ipc.Contract;

/// <summary>Parameters of <c>io.imaged.Worker.Restore</c>.</summary>
public sealed record RestoreParameters
{
    /// <summary>Where to write, one or more.</summary>
    public IReadOnlyList<RestoreTo> Targets { get; set; } = [];

    /// <summary>Whether all is read back and compared when it is written.</summary>
    public bool Check { get; set; } = true;

    /// <summary>Whether what a target holds may be lost.</summary>
    public bool Force { get; set; }

    /// <summary>Whether nothing is written.</summary>
    public bool DryRun { get; set; }

    /// <summary>Whether the last partition of a longer disk is to reach to its end.</summary>
    public bool Grow { get; set; }

    /// <summary>Whether disk and partitions get new ids, other ones on each target.</summary>
    public bool FreshIds { get; set; }
}

/// <summary>Where to write.</summary>
public sealed record RestoreTo
{
    /// <summary>Index of the descriptor of a block device or an empty file, opened for reading and writing.</summary>
    public int Device { get; set; }

    /// <summary>Index of the descriptor of the same device in a description of its own; null for none.</summary>
    public int? Direct { get; set; }

    /// <summary>Its name, for messages.</summary>
    public string Name { get; set; } = string.Empty;
}

/// <summary>A reply of <c>io.imaged.Worker.Restore</c>.</summary>
public sealed record RestoreReply
{
    /// <summary>How far it is.</summary>
    public Progress Progress { get; set; } = new();

    /// <summary>What was written; in the last reply only.</summary>
    public RestoreSummary? Summary { get; set; }
}

/// <summary>Disks that were written, or would be.</summary>
public sealed record RestoreSummary
{
    /// <summary>Length of what is restored in bytes.</summary>
    public long Length { get; set; }

    /// <summary>Bytes of it that matter.</summary>
    public long Used { get; set; }

    /// <summary>Whether all was read back and compared.</summary>
    public bool Checked { get; set; }

    /// <summary>What there is on it: its partitions, or itself when it has none.</summary>
    public IReadOnlyList<RestoredVolume> Volumes { get; set; } = [];

    /// <summary>The targets, as they were named.</summary>
    public IReadOnlyList<RestoredTarget> Targets { get; set; } = [];

    /// <summary>What a person should know.</summary>
    public IReadOnlyList<string> Warnings { get; set; } = [];
}

/// <summary>A volume that was written.</summary>
public sealed record RestoredVolume
{
    /// <summary>Number of its partition; null for the disk itself.</summary>
    public int? Partition { get; set; }

    /// <summary>Byte offset on the disk.</summary>
    public long Offset { get; set; }

    /// <summary>Length in bytes, before it grows.</summary>
    public long Length { get; set; }

    /// <summary>Id of its file system; null when it is not known.</summary>
    public string? FileSystem { get; set; }

    /// <summary>The kernel's driver for it; null for none.</summary>
    public string? KernelType { get; set; }
}

/// <summary>A disk that was written, or would be.</summary>
public sealed record RestoredTarget
{
    /// <summary>Its name.</summary>
    public string Name { get; set; } = string.Empty;

    /// <summary>Its length in bytes; 0 for a file, which is made as long as it has to be.</summary>
    public long Length { get; set; }

    /// <summary>What it held, one phrase each.</summary>
    public IReadOnlyList<string> Holds { get; set; } = [];

    /// <summary>Whether the backup of the partition table goes to the end of a longer disk.</summary>
    public bool TableMoved { get; set; }

    /// <summary>What grows with the disk; null for nothing.</summary>
    public GrownVolume? Grown { get; set; }

    /// <summary>Why nothing grows although that was asked for; null when something does.</summary>
    public string? NotGrown { get; set; }

    /// <summary>What imagectl did to it afterwards, one phrase each.</summary>
    public IReadOnlyList<string> Steps { get; set; } = [];

    /// <summary>New ids of partitions.</summary>
    public IReadOnlyList<ChangedId> Ids { get; set; } = [];

    /// <summary>What does not read back as it was written.</summary>
    public ByteRanges Bad { get; set; } = new();

    /// <summary>Why it could not be written; null when it was.</summary>
    public string? Error { get; set; }

    /// <summary>The error number then, as in <c>errno(3)</c>; null when there is none.</summary>
    public int? Errno { get; set; }
}

/// <summary>A volume that is longer than it was.</summary>
public sealed record GrownVolume
{
    /// <summary>Number of its partition; null for the disk itself.</summary>
    public int? Partition { get; set; }

    /// <summary>Its new length in bytes.</summary>
    public long Length { get; set; }
}

/// <summary>An id of a partition (the kernel's PARTUUID).</summary>
public sealed record ChangedId
{
    /// <summary>What it was.</summary>
    public string Old { get; set; } = string.Empty;

    /// <summary>What it is.</summary>
    public string New { get; set; } = string.Empty;
}
