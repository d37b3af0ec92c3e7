using Imaged.Blocks;
using Imaged.Formats.Codecs;

namespace Imaged.Backup;

/// <summary>What is to be saved, and how.</summary>
/// <param name="Source">The disk.</param>
/// <param name="Used">The bytes of it that matter, ascending, without overlaps; listed more than
/// once.</param>
public sealed record BackupRequest(BlockSource Source, IEnumerable<BlockRange> Used)
{
    /// <summary>What the manifest is to say of source and volumes; the rest is filled in. The manifest of a backup that
    /// is written anew keeps its time and what was lost.</summary>
    public BackupManifest Template { get; init; } = new();

    /// <summary>Name of the backup to stand on, without a folder; null for a whole backup.</summary>
    public string? ParentName { get; init; }

    /// <summary>The backup to stand on; null for a whole backup.</summary>
    public BackupFile? Parent { get; init; }

    /// <summary>Bytes of a chunk of a whole backup; null for what goes with the length.</summary>
    public int? ChunkSize { get; init; }

    /// <summary>Level of Zstandard.</summary>
    public int Level { get; init; } = ZstdEncoder.DefaultLevel;

    /// <summary>Whether ranges that cannot be read are left out and noted; else the first one ends the job.</summary>
    public bool KeepGoing { get; init; }
}
