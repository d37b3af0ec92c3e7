namespace Imaged.Formats.Images.Qcow2;

/// <summary>What a new qcow2 image is like.</summary>
/// <param name="Length">Length of the disk in bytes, above 0.</param>
/// <param name="ClusterBits">Cluster length as a power of two, 16 to 21.</param>
/// <param name="BackingFile">Name of the qcow2 image that has what is not written; null when that is zero.</param>
public sealed record Qcow2WriterOptions(long Length, int ClusterBits, string? BackingFile)
{
    /// <summary>How many images may be based on each other, so that the last one can be opened.</summary>
    public const int MaxDepth = Mapping.BackingFile.MaxDepth;

    /// <summary>Length of a cluster in bytes.</summary>
    public int ClusterLength => 1 << ClusterBits;
}
