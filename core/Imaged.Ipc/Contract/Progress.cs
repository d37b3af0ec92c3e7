namespace Imaged.Ipc.Contract;

/// <summary>How far a long call is: a level, not a log.</summary>
public sealed record Progress
{
    /// <summary>What is being done, for people.</summary>
    public string Phase { get; set; } = string.Empty;

    /// <summary>Bytes done.</summary>
    public long Done { get; set; }

    /// <summary>Bytes in all; 0 while that is not known.</summary>
    public long Total { get; set; }
}

/// <summary>What <c>verify</c> found wrong.</summary>
public sealed record Problem
{
    /// <summary>Id of the format, partition table or file system.</summary>
    public string Layer { get; set; } = string.Empty;

    /// <summary>Where, in bytes of that layer.</summary>
    public long? Offset { get; set; }

    /// <summary>What, for people.</summary>
    public string Message { get; set; } = string.Empty;
}
