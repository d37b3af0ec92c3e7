using Imaged.Blocks;

namespace Imaged.Backup;

/// <summary>What is to be written to disks.</summary>
/// <param name="Source">The disk as it is to become, but for the patches of each target; read once.</param>
/// <param name="Used">The bytes of it that matter, ascending, without overlaps; listed more than
/// once.</param>
/// <param name="Targets">Where to, one or more.</param>
public sealed record RestoreRequest(
    BlockSource Source, IEnumerable<BlockRange> Used, IReadOnlyList<TargetDisk> Targets)
{
    /// <summary>Whether all is read back and compared when it is written.</summary>
    public bool Check { get; init; } = true;
}

/// <summary>A disk to be written.</summary>
/// <param name="Target">The disk; at least as long as the source.</param>
/// <param name="Patches">What on this one is to be other than in the source, or lies behind its end: its partition
/// table. Without overlaps; kept in memory.</param>
public sealed record TargetDisk(BlockTarget Target, IReadOnlyList<DiskPatch> Patches);

/// <summary>What became of a disk.</summary>
/// <param name="Bad">What differs when it is read back, ascending; nothing when that is not asked for.</param>
/// <param name="Failure">Why it could not be written; null when it was.</param>
public sealed record TargetResult(IReadOnlyList<BlockRange> Bad, IOException? Failure)
{
    /// <summary>Whether it is whole. A disk that is not has no first bytes: nothing knows it or boots from
    /// it.</summary>
    public bool IsDone => Failure is null && Bad.Count == 0;
}
