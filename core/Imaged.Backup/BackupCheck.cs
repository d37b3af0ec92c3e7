using System.Security.Cryptography;
using Imaged.Blocks;

namespace Imaged.Backup;

/// <summary>Compares a disk with the digests of a backup.</summary>
/// <param name="disk">The disk that a backup shows, or the one that it was made of.</param>
/// <param name="chunks">What each chunk has to be.</param>
/// <param name="chunkSize">Bytes of a chunk.</param>
/// <param name="meter">Told how far it is.</param>
public sealed class BackupCheck(BlockSource disk, ChunkDigests chunks, int chunkSize, ProgressMeter meter)
{
    private readonly object _lock = new();
    private readonly List<BlockRange> _bad = [];
    private int _next;

    /// <summary>Compares chunks, on all processors.</summary>
    /// <param name="isWanted">Which ones.</param>
    /// <returns>The ranges that differ or cannot be read, ascending, neighbours joined.</returns>
    public IReadOnlyList<BlockRange> Run(Func<int, bool> isWanted)
    {
        long total = 0;
        for (int chunk = 0; chunk < chunks.Count; chunk++)
        {
            total += isWanted(chunk) ? LengthOf(chunk) : 0;
        }

        meter.Begin("check", total);
        _next = 0;
        _bad.Clear();
        ThreadTeam.Run(
            Environment.ProcessorCount, () => CompareChunks(isWanted), () => Volatile.Write(ref _next, chunks.Count));
        return BlockRange.Join(_bad);
    }

    private long LengthOf(int chunk) => Math.Min(chunkSize, disk.Length - ((long)chunk * chunkSize));

    private void CompareChunks(Func<int, bool> isWanted)
    {
        using AlignedBuffer buffer = new(chunkSize);
        while (Take(isWanted) is var chunk and >= 0)
        {
            BlockRange range = new((long)chunk * chunkSize, LengthOf(chunk));
            if (!IsRight(chunk, range, buffer.GetSpan()[..(int)range.Length]))
            {
                lock (_lock)
                {
                    _bad.Add(range);
                }
            }

            meter.Add(range.Length);
        }
    }

    private int Take(Func<int, bool> isWanted)
    {
        lock (_lock)
        {
            while (_next < chunks.Count)
            {
                int chunk = _next++;
                if (isWanted(chunk))
                {
                    return chunk;
                }
            }

            return -1;
        }
    }

    private bool IsRight(int chunk, BlockRange range, Span<byte> bytes)
    {
        ReadOnlySpan<byte> expected = chunks[chunk];
        if (expected.IsEmpty && disk.GetExtent(range.Offset) is { Kind: not ExtentKind.Data } extent
            && extent.End >= range.End)
        {
            return true;
        }

        try
        {
            disk.Read(range.Offset, bytes);
        }
        catch (IOException)
        {
            return false;
        }

        if (expected.IsEmpty)
        {
            return !bytes.ContainsAnyExcept((byte)0);
        }

        Span<byte> digest = stackalloc byte[ChunkDigests.DigestLength];
        SHA256.HashData(bytes, digest);
        return digest.SequenceEqual(expected);
    }
}
