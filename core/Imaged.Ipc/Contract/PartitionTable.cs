namespace Imaged.Ipc.Contract;

/// <summary>A partition table.</summary>
public sealed record PartitionTable
{
    /// <summary>Id of its type, e.g. <c>gpt</c>.</summary>
    public string Type { get; set; } = string.Empty;

    /// <summary>Identity of the disk.</summary>
    public string? Uuid { get; set; }

    /// <summary>Bytes per sector that the table counts in.</summary>
    public int SectorSize { get; set; }

    /// <summary>In the order of the table.</summary>
    public IReadOnlyList<Partition> Partitions { get; set; } = [];

    /// <summary>Harmless oddities.</summary>
    public IReadOnlyList<string> Warnings { get; set; } = [];
}

/// <summary>An entry of a partition table.</summary>
public sealed record Partition
{
    /// <summary>Its number, from 1.</summary>
    public int Number { get; set; }

    /// <summary>Where it begins, in bytes.</summary>
    public long Offset { get; set; }

    /// <summary>Its bytes.</summary>
    public long Size { get; set; }

    /// <summary>Type as the table has it.</summary>
    public string Type { get; set; } = string.Empty;

    /// <summary>Type for people.</summary>
    public string TypeName { get; set; } = string.Empty;

    /// <summary>Its name.</summary>
    public string? Name { get; set; }

    /// <summary>Its identity.</summary>
    public string? Uuid { get; set; }

    /// <summary>Whether it is marked for booting.</summary>
    public bool Bootable { get; set; }

    /// <summary>File systems in it; seldom more than one.</summary>
    public IReadOnlyList<Volume> Volumes { get; set; } = [];
}

/// <summary>A file system.</summary>
public sealed record Volume
{
    /// <summary>Id of the file system.</summary>
    public string FileSystem { get; set; } = string.Empty;

    /// <summary>Its version.</summary>
    public string? Version { get; set; }

    /// <summary>Its label.</summary>
    public string? Label { get; set; }

    /// <summary>Its identity.</summary>
    public string? Uuid { get; set; }

    /// <summary>Its bytes.</summary>
    public long Size { get; set; }

    /// <summary>What mount(8) calls it.</summary>
    public string? KernelType { get; set; }

    /// <summary>Whether imaged reads its files itself.</summary>
    public bool Readable { get; set; }

    /// <summary>Further facts, in order.</summary>
    public IReadOnlyList<Detail> Details { get; set; } = [];

    /// <summary>Harmless oddities.</summary>
    public IReadOnlyList<string> Warnings { get; set; } = [];
}
