using System.Collections.Immutable;
using Imaged.Blocks;

namespace Imaged.Formats.Model;

/// <summary>What of a volume has to be saved, so that it is the same volume to its file system when it is put
/// back.</summary>
/// <param name="FileSystem">Id of the file system, e.g. <c>ext</c>; null when none or several were found.</param>
/// <param name="Blocks">The bytes to be saved: never fewer than are in use.</param>
public sealed record UsedBlocks(string? FileSystem, BlockSet Blocks)
{
    /// <summary>Why everything is to be saved, one clause without a full stop; null when <see cref="Blocks"/> is what
    /// the file system says to be in use.</summary>
    public string? WholeBecause { get; init; }

    /// <summary>What a person should know of the volume, one sentence each without a full stop.</summary>
    public ImmutableArray<string> Warnings { get; init; } = [];

    /// <summary>All of a volume.</summary>
    /// <param name="length">Its length in bytes.</param>
    /// <param name="fileSystem">Id of the file system; null for none or several.</param>
    /// <param name="because">The reason.</param>
    public static UsedBlocks Whole(long length, string? fileSystem, string because)
    {
        BlockSet all = new(length);
        all.Mark(0, length);
        return new(fileSystem, all) { WholeBecause = because };
    }
}
