namespace Imaged.Backup;

/// <summary>How a disk is cut (docs/backup-format.md, "Container").</summary>
/// <param name="ClusterBits">Cluster length of the container as a power of two.</param>
/// <param name="ChunkSize">Bytes of a chunk, a multiple of the cluster length.</param>
internal readonly record struct BackupGeometry(int ClusterBits, int ChunkSize)
{
    private const int MinClusterBits = 18;
    private const int MaxClusterBits = 21;
    private const int MaxChunkBits = 23;
    private const long MaxChunks = 1 << 20;

    /// <summary>The geometry for a disk of this length.</summary>
    public static BackupGeometry Of(long length)
    {
        int bits = MinClusterBits;
        while (bits < MaxChunkBits && (length >> bits) >= MaxChunks)
        {
            bits++;
        }

        return new(Math.Min(bits, MaxClusterBits), 1 << bits);
    }

    /// <summary>The geometry of an increment, whose chunks are those of its parent.</summary>
    public static BackupGeometry Of(int chunkSize) =>
        new(Math.Min(int.Log2(chunkSize), MaxClusterBits), chunkSize);
}
