namespace Imaged.Ipc.Contract;

/// <summary>Parameters of <c>io.imaged.Worker.Restore</c>.</summary>
public sealed record RestoreParameters
{
    /// <summary>Index of the descriptor of a block device or an empty file, opened for reading and writing.</summary>
    public int Target { get; set; }

    /// <summary>Index of the descriptor of the same device in a description of its own; null for none.</summary>
    public int? Direct { get; set; }

    /// <summary>Name of the target, for messages.</summary>
    public string Name { get; set; } = string.Empty;

    /// <summary>Whether all is read back and compared when it is written.</summary>
    public bool Check { get; set; } = true;

    /// <summary>Whether what the target holds may be lost.</summary>
    public bool Force { get; set; }

    /// <summary>Whether nothing is written.</summary>
    public bool DryRun { get; set; }
}

/// <summary>A reply of <c>io.imaged.Worker.Restore</c>.</summary>
public sealed record RestoreReply
{
    /// <summary>How far it is.</summary>
    public Progress Progress { get; set; } = new();

    /// <summary>What was written; in the last reply only.</summary>
    public RestoreSummary? Summary { get; set; }
}

/// <summary>A disk that was written, or would be.</summary>
public sealed record RestoreSummary
{
    /// <summary>Length of what is restored in bytes.</summary>
    public long Length { get; set; }

    /// <summary>Bytes of it that matter.</summary>
    public long Used { get; set; }

    /// <summary>Length of the target in bytes; 0 for a file, which is made as long as it has to be.</summary>
    public long TargetLength { get; set; }

    /// <summary>What the target held, one phrase each.</summary>
    public IReadOnlyList<string> Holds { get; set; } = [];

    /// <summary>Whether the backup of the partition table goes to the end of a longer disk.</summary>
    public bool TableMoved { get; set; }

    /// <summary>Whether all was read back and compared.</summary>
    public bool Checked { get; set; }

    /// <summary>What does not read back as it was written.</summary>
    public ByteRanges Bad { get; set; } = new();

    /// <summary>What a person should know.</summary>
    public IReadOnlyList<string> Warnings { get; set; } = [];
}
