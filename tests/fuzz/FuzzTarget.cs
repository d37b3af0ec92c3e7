using Imaged.Blocks;

namespace Imaged.Fuzz;

/// <summary>A parser under test.</summary>
/// <param name="Name">For the command line, and the folder of its crashes.</param>
/// <param name="Accepts">Whether an image is a fit seed: one that the parser gets into.</param>
/// <param name="Run">Feeds the parser; every exception that it lets through is a finding.</param>
public sealed record FuzzTarget(string Name, Func<BlockSource, bool> Accepts, Action<BlockSource> Run)
{
    /// <summary>Seeds that are no image; empty for a parser of images.</summary>
    public IReadOnlyList<byte[]> Seeds { get; init; } = [];
}
