using Imaged.Blocks;

namespace Imaged.Backup;

/// <summary>What is to be written to a disk.</summary>
/// <param name="Source">The disk as it is to become.</param>
/// <param name="Used">The bytes of it that matter, ascending, without overlaps; listed more than
/// once.</param>
/// <param name="Target">Where to; at least as long as the source.</param>
public sealed record RestoreRequest(BlockSource Source, IEnumerable<BlockRange> Used, BlockTarget Target)
{
    /// <summary>Whether all is read back and compared when it is written.</summary>
    public bool Check { get; init; } = true;
}
