using System.Security.Cryptography;

namespace Imaged.Backup;

/// <summary>The SHA-256 of each chunk of a disk that is not zero. Chunks may be set by any number of threads, each
/// chunk by one.</summary>
public sealed class ChunkDigests
{
    /// <summary>Bytes of a digest.</summary>
    public const int DigestLength = SHA256.HashSizeInBytes;

    /// <summary>Most chunks of a run in a manifest.</summary>
    public const int RunLength = 1024;

    // A digest of zeros stands for a chunk that is zero: nothing is known to have that digest.
    private readonly byte[]?[] _runs;

    /// <summary>All chunks are zero.</summary>
    /// <param name="count">How many chunks there are, 1 to <see cref="BackupGeometry.MaxChunks"/>.</param>
    public ChunkDigests(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, BackupGeometry.MaxChunks);
        Count = count;
        _runs = new byte[]?[(count + RunLength - 1) / RunLength];
    }

    /// <summary>Number of chunks.</summary>
    public int Count { get; }

    /// <summary>The digest of a chunk; empty when it is zero.</summary>
    public ReadOnlySpan<byte> this[int chunk]
    {
        get
        {
            ReadOnlySpan<byte> digest = _runs[chunk / RunLength] is { } run ? Slot(run, chunk) : default;
            return digest.ContainsAnyExcept((byte)0) ? digest : default;
        }
    }

    /// <summary>Sets the digest of a chunk.</summary>
    public void Set(int chunk, ReadOnlySpan<byte> digest)
    {
        ref byte[]? run = ref _runs[chunk / RunLength];
        if (run is null)
        {
            Interlocked.CompareExchange(ref run, new byte[RunLength * DigestLength], null);
        }

        digest.CopyTo(Slot(run, chunk));
    }

    /// <summary>The digest of the whole (docs/backup-format.md, "Manifest").</summary>
    public byte[] HashAll()
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] zeros = new byte[RunLength * DigestLength];
        for (int i = 0; i < _runs.Length; i++)
        {
            int count = Math.Min(RunLength, Count - (i * RunLength));
            hash.AppendData((_runs[i] ?? zeros).AsSpan(0, count * DigestLength));
        }

        return hash.GetHashAndReset();
    }

    /// <summary>The chunks that are not zero, as a manifest has them.</summary>
    public IEnumerable<ChunkRun> ToRuns()
    {
        for (int first = 0; first < Count;)
        {
            int end = first;
            int limit = Math.Min(Count, ((first / RunLength) + 1) * RunLength);
            while (end < limit && !this[end].IsEmpty)
            {
                end++;
            }

            if (end > first)
            {
                int begin = first % RunLength * DigestLength;
                yield return new(first, _runs[first / RunLength]![begin..(begin + ((end - first) * DigestLength))]);
            }

            first = Math.Max(end, first + 1);
        }
    }

    private static Span<byte> Slot(byte[] run, int chunk) =>
        run.AsSpan(chunk % RunLength * DigestLength, DigestLength);
}
