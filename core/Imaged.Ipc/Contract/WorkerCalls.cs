namespace Imaged.Ipc.Contract;

/// <summary>Parameters of <c>io.imaged.Worker.Open</c>.</summary>
public sealed record OpenParameters
{
    /// <summary>Index of the image's descriptor.</summary>
    public int Image { get; set; } = -1;

    /// <summary>File name, a hint for the format and for messages.</summary>
    public string Name { get; set; } = string.Empty;

    /// <summary>How to open it.</summary>
    public OpenOptions Options { get; set; } = new();
}

/// <summary>Reply of <c>io.imaged.Worker.Open</c>.</summary>
public sealed record OpenReply
{
    /// <summary>What the image is.</summary>
    public ImageInfo Info { get; set; } = new();

    /// <summary>How far the worker is with a file that has to be read to its end; null in the last reply.</summary>
    public Progress? Progress { get; set; }
}

/// <summary>Parameters of <c>io.imaged.Worker.Plan</c>.</summary>
public sealed record PlanParameters
{
    /// <summary>What the plan is for.</summary>
    public PlanRequest Request { get; set; } = new();
}

/// <summary>Reply of <c>io.imaged.Worker.Plan</c>.</summary>
public sealed record PlanReply
{
    /// <summary>The plan.</summary>
    public AttachPlan Plan { get; set; } = new();

    /// <summary>Index of the host file's descriptor, for <see cref="PlanKind.DirectLoop"/>.</summary>
    public int? File { get; set; }
}

/// <summary>Parameters of <c>io.imaged.Worker.Serve</c>.</summary>
public sealed record ServeParameters
{
    /// <summary>Index of a <c>/dev/fuse</c> descriptor.</summary>
    public int Device { get; set; } = -1;

    /// <summary>Index of the descriptor of the request journal, a shared memory file.</summary>
    public int Journal { get; set; } = -1;

    /// <summary>Number of threads.</summary>
    public int Threads { get; set; }

    /// <summary>Whether another worker served this connection before.</summary>
    public bool Recover { get; set; }

    /// <summary>The plan that is carried out.</summary>
    public AttachPlan Plan { get; set; } = new();
}

/// <summary>Reply of <c>io.imaged.Worker.Handover</c>; descriptors come along.</summary>
public sealed record HandoverReply
{
    /// <summary>What the next worker must know.</summary>
    public string State { get; set; } = string.Empty;

    /// <summary>Index of the descriptor of the image's directory, when the worker has one.</summary>
    public int? Directory { get; set; }

    /// <summary>Index of the descriptor that the password is read from, when there is one.</summary>
    public int? Password { get; set; }
}

/// <summary>Parameters of <c>io.imaged.Worker.List</c>.</summary>
public sealed record ListParameters
{
    /// <summary>A path in the image.</summary>
    public string Path { get; set; } = string.Empty;

    /// <summary>Whether to go into directories.</summary>
    public bool Recursive { get; set; }
}

/// <summary>A reply of <c>io.imaged.Worker.List</c>.</summary>
public sealed record ListReply
{
    /// <summary>A batch of entries.</summary>
    public IReadOnlyList<Entry> Entries { get; set; } = [];
}

/// <summary>Parameters of <c>io.imaged.Worker.Cat</c>.</summary>
public sealed record CatParameters
{
    /// <summary>A path in the image.</summary>
    public string Path { get; set; } = string.Empty;

    /// <summary>Index of the descriptor to write to.</summary>
    public int Output { get; set; } = -1;
}

/// <summary>Reply of <c>io.imaged.Worker.Cat</c>.</summary>
public sealed record CatReply
{
    /// <summary>Bytes written.</summary>
    public long Size { get; set; }
}

/// <summary>Parameters of <c>io.imaged.Worker.Copy</c>.</summary>
public sealed record CopyParameters
{
    /// <summary>A path in the image.</summary>
    public string Path { get; set; } = string.Empty;

    /// <summary>Name to give it in the destination directory; null for its own, and for the content of the
    /// root.</summary>
    public string? Name { get; set; }
}

/// <summary>A reply of <c>io.imaged.Worker.Copy</c>.</summary>
public sealed record CopyReply
{
    /// <summary>How far it is.</summary>
    public Progress Progress { get; set; } = new();

    /// <summary>What could not be copied as it is, since the last reply.</summary>
    public IReadOnlyList<string> Warnings { get; set; } = [];
}

/// <summary>Parameters of <c>io.imaged.Worker.NameOutputs</c>.</summary>
public sealed record NameOutputsParameters
{
    /// <summary>Id of the format to write.</summary>
    public string Format { get; set; } = string.Empty;

    /// <summary>Name of the file to write, without a folder.</summary>
    public string Name { get; set; } = string.Empty;
}

/// <summary>Reply of <c>io.imaged.Worker.NameOutputs</c>.</summary>
public sealed record NameOutputsReply
{
    /// <summary>Names of all files that the format takes, without a folder; the first is the one asked for.</summary>
    public IReadOnlyList<string> Names { get; set; } = [];
}

/// <summary>Parameters of <c>io.imaged.Worker.Convert</c>.</summary>
public sealed record ConvertParameters
{
    /// <summary>Id of the format to write.</summary>
    public string Format { get; set; } = string.Empty;

    /// <summary>Name of the file to write, without a folder: formats of several files refer to each other.</summary>
    public string Name { get; set; } = string.Empty;

    /// <summary>Indices of descriptors of empty files, opened for reading and writing, in the order of their
    /// names.</summary>
    public IReadOnlyList<int> Outputs { get; set; } = [];
}

/// <summary>A reply of <c>io.imaged.Worker.Convert</c>.</summary>
public sealed record ConvertReply
{
    /// <summary>How far it is.</summary>
    public Progress Progress { get; set; } = new();
}

/// <summary>Parameters of <c>io.imaged.Worker.Verify</c>.</summary>
public sealed record VerifyParameters
{
    /// <summary>Index of the descriptor of a disk or file that is to hold the same; null for none.</summary>
    public int? Against { get; set; }

    /// <summary>Its name, for messages.</summary>
    public string? AgainstName { get; set; }
}

/// <summary>A reply of <c>io.imaged.Worker.Verify</c>.</summary>
public sealed record VerifyReply
{
    /// <summary>How far it is.</summary>
    public Progress Progress { get; set; } = new();

    /// <summary>What was found wrong since the last reply.</summary>
    public IReadOnlyList<Problem> Problems { get; set; } = [];

    /// <summary>What was compared and found right since the last reply: <c>MD5</c>, <c>EDC of 1560
    /// sectors</c>.</summary>
    public IReadOnlyList<string> Confirmed { get; set; } = [];
}

/// <summary>Reply of <c>io.imaged.Worker.Formats</c>.</summary>
public sealed record FormatsReply
{
    /// <summary>Image formats.</summary>
    public IReadOnlyList<FormatRow> Formats { get; set; } = [];

    /// <summary>File systems.</summary>
    public IReadOnlyList<FileSystemRow> FileSystems { get; set; } = [];

    /// <summary>Ids of partition tables.</summary>
    public IReadOnlyList<string> PartitionTables { get; set; } = [];
}

/// <summary>No parameters, or an empty reply.</summary>
public sealed record Nothing;
