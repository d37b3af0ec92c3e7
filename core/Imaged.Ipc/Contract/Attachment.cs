using System.Text.Json.Serialization;

namespace Imaged.Ipc.Contract;

/// <summary>An image that is attached or mounted.</summary>
public sealed record Attachment
{
    /// <summary>Its name in this system.</summary>
    public string Id { get; set; } = string.Empty;

    /// <summary>Absolute path of the image as the caller named it.</summary>
    public string Image { get; set; } = string.Empty;

    /// <summary>User id of the caller.</summary>
    public long Owner { get; set; }

    /// <summary>The mechanism.</summary>
    public PlanKind Kind { get; set; }

    /// <summary>Its block device, e.g. <c>/dev/loop3</c>.</summary>
    public string? Device { get; set; }

    /// <summary>Block devices of its partitions.</summary>
    public IReadOnlyList<string> Partitions { get; set; } = [];

    /// <summary>Where its files are.</summary>
    public string? MountPoint { get; set; }

    /// <summary>Id of the file system that is mounted.</summary>
    public string? FileSystem { get; set; }

    /// <summary>Label of that file system, raw.</summary>
    public string? Label { get; set; }

    /// <summary>Whether it cannot be written to.</summary>
    public bool ReadOnly { get; set; }

    /// <summary>Bytes of the disk.</summary>
    public long Size { get; set; }

    /// <summary>How it is.</summary>
    public AttachmentState State { get; set; }

    /// <summary>Process id of its worker.</summary>
    public int? Worker { get; set; }

    /// <summary>How often a worker had to be replaced.</summary>
    public int Restarts { get; set; }

    /// <summary>When it was attached, seconds since 1970 in UTC.</summary>
    public long Since { get; set; }

    /// <summary>What had it mounted by itself; null when somebody asked for it.</summary>
    public string? Trigger { get; set; }
}

/// <summary>How an attachment is.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<AttachmentState>))]
public enum AttachmentState
{
    /// <summary>It works.</summary>
    Active,

    /// <summary>Its worker is being replaced.</summary>
    Recovering,

    /// <summary>Reading it ends in errors.</summary>
    Failed,
}

/// <summary>How the files of an image are shown.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<MountView>))]
public enum MountView
{
    /// <summary>The best that is allowed.</summary>
    Auto,

    /// <summary>By the kernel's driver.</summary>
    Kernel,

    /// <summary>By imaged's own reader of the file system.</summary>
    Tree,

    /// <summary>Sessions and tracks of a disc as files.</summary>
    Disc,
}
