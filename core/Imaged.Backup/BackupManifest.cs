using System.Text.Json.Serialization;
using Imaged.Blocks;

namespace Imaged.Backup;

/// <summary>What was saved, from where, and what every piece of it has to be (docs/backup-format.md,
/// "Manifest").</summary>
public sealed record BackupManifest
{
    /// <summary>The version that is written.</summary>
    public const int CurrentVersion = 1;

    /// <summary>Version of the format.</summary>
    public int Version { get; init; }

    /// <summary>Program and version that wrote it.</summary>
    public string Tool { get; init; } = string.Empty;

    /// <summary>When it was begun.</summary>
    public DateTimeOffset Started { get; init; }

    /// <summary>When all was written.</summary>
    public DateTimeOffset Finished { get; init; }

    /// <summary>What was saved.</summary>
    public BackupOrigin Source { get; init; } = new();

    /// <summary>How the source was kept from changing, one word.</summary>
    public string Consistency { get; init; } = string.Empty;

    /// <summary>Length of the disk in bytes.</summary>
    public long Length { get; init; }

    /// <summary>Bytes of a chunk, a power of two.</summary>
    public int ChunkSize { get; init; }

    /// <summary>Digest of the whole in hexadecimal digits, lower case.</summary>
    public string Digest { get; init; } = string.Empty;

    /// <summary>Bytes of the chunks that are stored in this file, before compression.</summary>
    public long Stored { get; init; }

    /// <summary>The backup that an increment stands on; null for a whole one.</summary>
    public ParentBackup? Parent { get; init; }

    /// <summary>How many backups it stands on, one below the other; 0 for a whole one.</summary>
    public int Depth { get; init; }

    /// <summary>The partition table; null when there is none.</summary>
    public SavedTable? PartitionTable { get; init; }

    /// <summary>The file systems.</summary>
    public IReadOnlyList<SavedVolume> Volumes { get; init; } = [];

    /// <summary>Ranges that could not be read.</summary>
    public IReadOnlyList<BlockRange> Lost { get; init; } = [];

    /// <summary>The chunks that are not zero, ascending.</summary>
    public IEnumerable<ChunkRun> Chunks { get; init; } = [];
}

/// <summary>What a backup was made of.</summary>
public sealed record BackupOrigin
{
    /// <summary>Its path when the backup was made.</summary>
    public string Name { get; init; } = string.Empty;

    /// <summary><c>disk</c>, <c>partition</c> or <c>file</c>.</summary>
    public string Kind { get; init; } = string.Empty;

    /// <summary>Model of the disk; null when not known.</summary>
    public string? Model { get; init; }

    /// <summary>Serial number of the disk; null when not known.</summary>
    public string? Serial { get; init; }

    /// <summary>Logical sector size in bytes.</summary>
    public int SectorSize { get; init; }
}

/// <summary>The backup that an increment stands on.</summary>
/// <param name="Name">Its file's name, without a folder.</param>
/// <param name="Digest">Its digest of the whole.</param>
public sealed record ParentBackup(string Name, string Digest);

/// <summary>A partition table.</summary>
/// <param name="Type"><c>gpt</c>, <c>mbr</c> or <c>apm</c>.</param>
/// <param name="Uuid">Its GUID or disk id; null for none.</param>
/// <param name="Partitions">Its partitions.</param>
public sealed record SavedTable(string Type, string? Uuid, IReadOnlyList<SavedPartition> Partitions);

/// <summary>A partition.</summary>
/// <param name="Number">As the kernel numbers it.</param>
/// <param name="Offset">Byte offset on the disk.</param>
/// <param name="Length">Length in bytes.</param>
/// <param name="Type">Type as stored.</param>
/// <param name="Name">Its name; null for none.</param>
/// <param name="Uuid">Its GUID; null for none.</param>
public sealed record SavedPartition(int Number, long Offset, long Length, string Type, string? Name, string? Uuid);

/// <summary>A file system, or what stands in the place of one.</summary>
/// <param name="Partition">Number of its partition; null for the disk itself.</param>
/// <param name="Offset">Byte offset on the disk.</param>
/// <param name="Length">Length in bytes.</param>
/// <param name="FileSystem">Its id; null when it is not known.</param>
public sealed record SavedVolume(int? Partition, long Offset, long Length, string? FileSystem)
{
    /// <summary>Its label; null for none.</summary>
    public string? Label { get; init; }

    /// <summary>Its UUID or serial number; null for none.</summary>
    public string? Uuid { get; init; }

    /// <summary>Bytes that it uses.</summary>
    public long Used { get; init; }

    /// <summary>Why all of it was saved; null when only used blocks were.</summary>
    public string? Whole { get; init; }
}

/// <summary>Digests of chunks that follow each other.</summary>
/// <param name="First">Number of the first chunk.</param>
/// <param name="Sha256">Their digests, one behind the other.</param>
public sealed record ChunkRun(long First, byte[] Sha256);

/// <summary>The manifest as JSON.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(BackupManifest))]
internal sealed partial class ManifestJson : JsonSerializerContext;
