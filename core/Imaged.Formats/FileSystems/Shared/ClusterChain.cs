namespace Imaged.Formats.Shared;

/// <summary>Clusters that follow each other in a file and on the volume.</summary>
/// <param name="Offset">Byte offset in the file or directory.</param>
/// <param name="VolumeOffset">Byte offset in the volume; -1 for a hole, which reads as zeros.</param>
/// <param name="Length">Bytes.</param>
internal readonly record struct ClusterRun(long Offset, long VolumeOffset, long Length)
{
    /// <summary>Bytes that a run takes in memory.</summary>
    public const int Size = 24;

    public long End => Offset + Length;

    public bool IsHole => VolumeOffset < 0;
}

/// <summary>Where the clusters of a file are, as far as it is known.</summary>
/// <param name="Runs">In the order of the file, without gaps.</param>
/// <param name="Damage">Why they end before they should; null when they do not.</param>
internal sealed record ClusterChain(ClusterRun[] Runs, string? Damage)
{
    /// <summary>Bytes that can be read.</summary>
    public long Length => Runs.Length == 0 ? 0 : Runs[^1].End;

    /// <summary>Index of the run that holds a byte.</summary>
    /// <param name="offset">Byte offset in the file, below <see cref="Length"/>.</param>
    public int IndexOf(long offset)
    {
        int low = 0;
        int high = Runs.Length - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (Runs[middle].Offset <= offset)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return low;
    }
}
