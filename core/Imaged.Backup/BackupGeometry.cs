using Imaged.Formats.Model;

namespace Imaged.Backup;

/// <summary>How a disk is cut (docs/backup-format.md, "Container").</summary>
/// <param name="ClusterBits">Cluster length of the container as a power of two.</param>
/// <param name="ChunkSize">Bytes of a chunk, a multiple of the cluster length.</param>
internal readonly record struct BackupGeometry(int ClusterBits, int ChunkSize)
{
    /// <summary>Most chunks of a disk: their digests take 32 MiB, and as much again of the backup that an increment
    /// stands on.</summary>
    public const int MaxChunks = 1 << 20;

    /// <summary>Longest chunk in bytes: a thread has one in memory.</summary>
    public const int MaxChunkSize = 1 << MaxChunkBits;

    private const int MinClusterBits = 18;
    private const int MaxClusterBits = 21;
    private const int MaxChunkBits = 25;

    /// <summary>The geometry for a disk of this length in bytes.</summary>
    /// <exception cref="UnsupportedFeatureException">It is longer than 32 TiB.</exception>
    public static BackupGeometry Of(long length)
    {
        int bits = MinClusterBits;
        while (length > (long)MaxChunks << bits)
        {
            if (++bits > MaxChunkBits)
            {
                throw new UnsupportedFeatureException(
                    "backup", $"a disk of {length} bytes (up to {(long)MaxChunks << MaxChunkBits} are)");
            }
        }

        return new(Math.Min(bits, MaxClusterBits), 1 << bits);
    }

    /// <summary>The geometry of an increment, whose chunks are those of its parent.</summary>
    public static BackupGeometry Of(int chunkSize) =>
        new(Math.Min(int.Log2(chunkSize), MaxClusterBits), chunkSize);
}
