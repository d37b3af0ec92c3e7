using System.Text.Json.Serialization;
using Imaged.Ipc.Contract;

namespace Imaged.Daemon.Attachments;

/// <summary>What a successor of this daemon must know of an attachment; written before anything of it can be seen. The
/// kernel is the truth, this annotates it.</summary>
internal sealed record AttachmentRecord
{
    /// <summary>Version of this record; another one is not taken over.</summary>
    public const int CurrentVersion = 1;

    /// <summary>Version that wrote it.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>Short name, unique while it is attached.</summary>
    public required string Id { get; init; }

    /// <summary>The image's path as the caller gave it; for people.</summary>
    public required string Image { get; init; }

    /// <summary>Device and inode of the image.</summary>
    public required ulong ImageInode { get; init; }

    /// <summary>Device that holds the image, major and minor.</summary>
    public required uint ImageMajor { get; init; }

    /// <summary>Device that holds the image, minor.</summary>
    public required uint ImageMinor { get; init; }

    /// <summary>Size of the image when it was attached, in bytes; a changed one is not served on.</summary>
    public long ImageSize { get; init; }

    /// <summary>Whose it is.</summary>
    public required uint Owner { get; init; }

    /// <summary>The owner's group.</summary>
    public uint OwnerGroup { get; init; }

    /// <summary>The owner's other groups.</summary>
    public uint[] OwnerGroups { get; init; } = [];

    /// <summary>When it was attached, seconds since 1970.</summary>
    public long Since { get; init; }

    /// <summary>The plan that was carried out.</summary>
    public required AttachPlan Plan { get; init; }

    /// <summary>What the caller chose of the image.</summary>
    public required OpenOptions Options { get; init; }

    /// <summary>The text by which its loop device is known again.</summary>
    [JsonIgnore]
    public string LoopName => "imaged:" + Id;

    /// <summary>Loop device number; null for none, or not yet.</summary>
    public int? Loop { get; init; }

    /// <summary>Partitions registered on the loop device.</summary>
    public int[] Partitions { get; init; } = [];

    /// <summary>Where it is mounted; null for nowhere.</summary>
    public string? MountPoint { get; init; }

    /// <summary>Whether the mount point was made for it and is removed with it.</summary>
    public bool OwnsMountPoint { get; init; }

    /// <summary>What had it mounted by itself; null when somebody asked for it.</summary>
    public string? Trigger { get; init; }

    /// <summary>Minor number of the FUSE connection's device; null for none.</summary>
    public uint? FuseMinor { get; init; }

    /// <summary>Threads of the FUSE session; the journal has a slot for each.</summary>
    public int Threads { get; init; }

    /// <summary>The worker's process; null for none.</summary>
    public int? Worker { get; init; }

    /// <summary>The worker's start time, which tells it from a later process of its number.</summary>
    public ulong WorkerStarted { get; init; }

    /// <summary>How often the worker was replaced.</summary>
    public int Restarts { get; init; }
}

/// <summary>JSON of the records.</summary>
[JsonSerializable(typeof(AttachmentRecord))]
[JsonSourceGenerationOptions(WriteIndented = true)]
internal sealed partial class RecordJson : JsonSerializerContext;
