namespace Imaged.Ipc.Contract;

/// <summary>An image format that the worker knows.</summary>
public sealed record FormatRow
{
    /// <summary>As given to <c>--format</c>.</summary>
    public string Id { get; set; } = string.Empty;

    /// <summary>For people.</summary>
    public string Title { get; set; } = string.Empty;

    /// <summary>Usual file name extensions with the dot.</summary>
    public IReadOnlyList<string> Extensions { get; set; } = [];

    /// <summary>Any of <c>read</c>, <c>write</c>, <c>backing</c>, <c>split</c>, <c>wrapper</c>.</summary>
    public IReadOnlyList<string> Abilities { get; set; } = [];
}

/// <summary>A file system that the worker knows.</summary>
public sealed record FileSystemRow
{
    /// <summary>As given to <c>--fs</c>.</summary>
    public string Id { get; set; } = string.Empty;

    /// <summary>For people.</summary>
    public string Title { get; set; } = string.Empty;

    /// <summary>Whether its files can be read, or it is only recognised.</summary>
    public bool Readable { get; set; }
}
