namespace Imaged.Ipc.Contract;

/// <summary>What an image is, from the file inwards. All text that comes from the image is raw.</summary>
public sealed record ImageInfo
{
    /// <summary>Name of the file.</summary>
    public string File { get; set; } = string.Empty;

    /// <summary>Bytes of the file.</summary>
    public long Size { get; set; }

    /// <summary>Formats, the outermost first.</summary>
    public IReadOnlyList<Layer> Layers { get; set; } = [];

    /// <summary>Sessions and tracks, when it is the image of a disc.</summary>
    public DiscInfo? Disc { get; set; }

    /// <summary>The partition table, if there is one.</summary>
    public PartitionTable? PartitionTable { get; set; }

    /// <summary>File systems of an image without partitions, or beside them.</summary>
    public IReadOnlyList<Volume> Volumes { get; set; } = [];

    /// <summary>Harmless oddities.</summary>
    public IReadOnlyList<string> Warnings { get; set; } = [];
}

/// <summary>One format of a stack.</summary>
public sealed record Layer
{
    /// <summary>Id of the format.</summary>
    public string Format { get; set; } = string.Empty;

    /// <summary>The format for people.</summary>
    public string Title { get; set; } = string.Empty;

    /// <summary>Bytes of the disk.</summary>
    public long Size { get; set; }

    /// <summary>Bytes per sector.</summary>
    public int SectorSize { get; set; }

    /// <summary>Further facts, in order.</summary>
    public IReadOnlyList<Detail> Details { get; set; } = [];

    /// <summary>Files of the host that it is made of.</summary>
    public IReadOnlyList<HostFileInfo> Files { get; set; } = [];
}

/// <summary>A fact for people.</summary>
public sealed record Detail
{
    /// <summary>What it is.</summary>
    public string Name { get; set; } = string.Empty;

    /// <summary>Its value.</summary>
    public string Value { get; set; } = string.Empty;
}

/// <summary>A file of the host.</summary>
public sealed record HostFileInfo
{
    /// <summary>Its name.</summary>
    public string Name { get; set; } = string.Empty;

    /// <summary>Its bytes.</summary>
    public long Size { get; set; }
}
