using System.Text.Json.Serialization;

namespace Imaged.Ipc.Contract;

/// <summary>How to attach an image. The daemon checks it before it does anything.</summary>
public sealed record AttachPlan
{
    /// <summary>The mechanism.</summary>
    public PlanKind Kind { get; set; }

    /// <summary>Where the disk begins in the host file, for <see cref="PlanKind.DirectLoop"/>.</summary>
    public long Offset { get; set; }

    /// <summary>Bytes of the disk.</summary>
    public long Size { get; set; }

    /// <summary>Bytes per sector of the device.</summary>
    public int SectorSize { get; set; }

    /// <summary>Partitions to make devices of.</summary>
    public IReadOnlyList<PlanPartition> Partitions { get; set; } = [];

    /// <summary>What mount(8) calls the file system.</summary>
    public string? KernelType { get; set; }

    /// <summary>Id of the file system.</summary>
    public string? FileSystem { get; set; }

    /// <summary>Label of the file system, raw.</summary>
    public string? Label { get; set; }

    /// <summary>Why this way, for people.</summary>
    public string Reason { get; set; } = string.Empty;
}

/// <summary>A partition of a plan, in bytes of the disk.</summary>
public sealed record PlanPartition
{
    /// <summary>Its number.</summary>
    public int Number { get; set; }

    /// <summary>Where it begins.</summary>
    public long Offset { get; set; }

    /// <summary>Its bytes.</summary>
    public long Size { get; set; }
}

/// <summary>What a plan is wanted for.</summary>
public sealed record PlanRequest
{
    /// <summary>A block device or a tree of files.</summary>
    public PlanPurpose Purpose { get; set; }

    /// <summary>What the user asked for.</summary>
    public AttachVia Via { get; set; }

    /// <summary>File systems that the kernel has.</summary>
    public IReadOnlyList<string> KernelTypes { get; set; } = [];

    /// <summary>Whether the kernel's drivers may be let loose on the image.</summary>
    public bool MayUseKernel { get; set; }

    /// <summary>Whether nothing but a kernel's driver will do.</summary>
    public bool MustUseKernel { get; set; }
}

/// <summary>The mechanism of a plan.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<PlanKind>))]
public enum PlanKind
{
    /// <summary>A loop device on bytes of the host file as they are.</summary>
    DirectLoop,

    /// <summary>A loop device on a file that the worker serves.</summary>
    FuseLoop,

    /// <summary>The worker serves the files.</summary>
    FuseTree,
}

/// <summary>What a plan is wanted for.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<PlanPurpose>))]
public enum PlanPurpose
{
    /// <summary>A block device.</summary>
    Device,

    /// <summary>A tree of files.</summary>
    Tree,
}

/// <summary>What an image is to be attached by.</summary>
[JsonConverter(typeof(CamelCaseEnumConverter<AttachVia>))]
public enum AttachVia
{
    /// <summary>The cheapest that works.</summary>
    Auto,

    /// <summary>A loop device.</summary>
    Loop,

    /// <summary>FUSE.</summary>
    Fuse,
}
