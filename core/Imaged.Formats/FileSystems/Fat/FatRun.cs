namespace Imaged.Formats.Fat;

/// <summary>Clusters that follow each other in a chain and on the volume.</summary>
/// <param name="Offset">Byte offset in the file or directory.</param>
/// <param name="VolumeOffset">Byte offset in the volume.</param>
/// <param name="Length">Bytes.</param>
internal readonly record struct FatRun(long Offset, long VolumeOffset, long Length)
{
    public long End => Offset + Length;
}

/// <summary>A chain as far as it can be read.</summary>
/// <param name="Runs">In the order of the chain, without gaps.</param>
/// <param name="Damage">Why it ends before it should; null when it does not.</param>
internal sealed record FatChain(FatRun[] Runs, string? Damage)
{
    /// <summary>Bytes that can be read.</summary>
    public long Length => Runs.Length == 0 ? 0 : Runs[^1].End;
}
