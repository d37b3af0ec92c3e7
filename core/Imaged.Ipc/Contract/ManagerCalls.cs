namespace Imaged.Ipc.Contract;

/// <summary>Parameters of <c>io.imaged.Manager.Attach</c>.</summary>
public sealed record AttachParameters
{
    /// <summary>Index of the image's descriptor.</summary>
    public int Image { get; set; } = -1;

    /// <summary>Index of the descriptor of the directory that holds it, for sibling files.</summary>
    public int? Directory { get; set; }

    /// <summary>Absolute path, for people and for finding it again.</summary>
    public string Path { get; set; } = string.Empty;

    /// <summary>How to open it.</summary>
    public OpenOptions Options { get; set; } = new();

    /// <summary>What to attach it by.</summary>
    public AttachVia Via { get; set; }
}

/// <summary>Parameters of <c>io.imaged.Manager.Mount</c>.</summary>
public sealed record MountParameters
{
    /// <summary>Index of the image's descriptor.</summary>
    public int Image { get; set; } = -1;

    /// <summary>Index of the descriptor of the directory that holds it, for sibling files.</summary>
    public int? Directory { get; set; }

    /// <summary>Absolute path, for people and for finding it again.</summary>
    public string Path { get; set; } = string.Empty;

    /// <summary>How to open it.</summary>
    public OpenOptions Options { get; set; } = new();

    /// <summary>What to attach it by.</summary>
    public AttachVia Via { get; set; }

    /// <summary>How to show the files.</summary>
    public MountView View { get; set; }

    /// <summary>Index of an <c>O_PATH</c> descriptor of the directory to mount on.</summary>
    public int? Target { get; set; }

    /// <summary>Absolute path of that directory.</summary>
    public string? TargetPath { get; set; }

    /// <summary>Mount options, one each, as <c>noexec</c>.</summary>
    public IReadOnlyList<string> MountOptions { get; set; } = [];

    /// <summary>By which whoever mounts by itself knows its mounts again, for root only; null when somebody
    /// asked.</summary>
    public string? Trigger { get; set; }
}

/// <summary>Parameters of <c>io.imaged.Manager.Detach</c>.</summary>
public sealed record DetachParameters
{
    /// <summary>An id, a device, or an absolute path of an image.</summary>
    public string What { get; set; } = string.Empty;

    /// <summary>Index of an <c>O_PATH</c> descriptor of it, when it could be opened.</summary>
    public int? Object { get; set; }
}

/// <summary>Parameters of <c>io.imaged.Manager.Unmount</c>.</summary>
public sealed record UnmountParameters
{
    /// <summary>An id, a directory, or an absolute path of an image.</summary>
    public string What { get; set; } = string.Empty;

    /// <summary>Index of an <c>O_PATH</c> descriptor of it, when it could be opened.</summary>
    public int? Object { get; set; }

    /// <summary>Whether to unmount as soon as nobody uses it.</summary>
    public bool Lazy { get; set; }
}

/// <summary>Reply of all methods that concern one attachment.</summary>
public sealed record AttachmentReply
{
    /// <summary>The attachment, as it is or, of one that is gone, was.</summary>
    public Attachment Attachment { get; set; } = new();
}

/// <summary>Reply of <c>io.imaged.Manager.List</c>.</summary>
public sealed record AttachmentsReply
{
    /// <summary>What is attached and mounted.</summary>
    public IReadOnlyList<Attachment> Attachments { get; set; } = [];
}
