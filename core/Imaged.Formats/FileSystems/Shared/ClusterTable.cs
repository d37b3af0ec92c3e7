using System.Buffers;
using System.Buffers.Binary;
using Imaged.Blocks;

namespace Imaged.Formats.Shared;

/// <summary>The file allocation table: for each cluster the next one of its chain. Thread-safe.</summary>
internal sealed class ClusterTable
{
    // Bytes of the FAT that a walk holds at a time.
    private const int WindowLength = 4096;

    // What a chain takes in memory has an end: 48 MB.
    private const int MaxRuns = 2_000_000;

    private readonly BlockSource _volume;
    private readonly ClusterLayout _layout;

    /// <summary>Reads the FAT from <paramref name="volume"/>, which is best a cached one.</summary>
    public ClusterTable(BlockSource volume, ClusterLayout layout)
    {
        _volume = volume;
        _layout = layout;
    }

    // Above the last cluster: reserved values, 7 = bad, 8 to F = end of the chain.
    private uint EndOfChain => _layout.EntryBits switch
    {
        12 => 0xff8,
        16 => 0xfff8,
        28 => 0x0ffffff8,
        _ => 0xfffffff8,
    };

    /// <summary>The entry of one cluster; clusters 0 and 1 hold flags.</summary>
    public uint Read(uint cluster)
    {
        Span<byte> raw = stackalloc byte[4];
        raw.Clear();
        long offset = EntryOffset(cluster);
        _volume.Read(_layout.FatOffset + offset, raw[..(int)Math.Min(4, _layout.FatLength - offset)]);
        return Parse(raw, cluster);
    }

    /// <summary>Whether a cluster holds something: not if it is free, or bad.</summary>
    /// <param name="entries">A part of a FAT that begins with an entry of an even number.</param>
    /// <param name="index">Number of the entry in it.</param>
    public bool IsUsed(ReadOnlySpan<byte> entries, uint index)
    {
        uint entry = Parse(entries[(int)EntryOffset(index)..], index);
        return entry != 0 && entry != EndOfChain - 1;
    }

    /// <summary>Follows a chain.</summary>
    /// <param name="first">Its first cluster.</param>
    /// <param name="maxClusters">Ends after so many clusters.</param>
    /// <param name="mustEnd">True for a directory, whose chain is to end by itself; false for a file, whose length is
    /// known and whose chain is to have <paramref name="maxClusters"/> clusters.</param>
    public ClusterChain ReadChain(uint first, long maxClusters, bool mustEnd)
    {
        byte[] window = ArrayPool<byte>.Shared.Rent(WindowLength);
        try
        {
            return ReadChain(first, maxClusters, mustEnd, window.AsSpan(0, WindowLength));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(window);
        }
    }

    /// <summary>Clusters that follow each other, of which the table says nothing (exFAT).</summary>
    /// <param name="first">The first one.</param>
    /// <param name="count">How many.</param>
    public ClusterChain Contiguous(uint first, long count)
    {
        if (count == 0)
        {
            return new([], null);
        }

        if (!_layout.IsCluster(first) || count > _layout.ClusterCount - (first - ClusterLayout.FirstCluster))
        {
            return new([], $"{count} clusters from {first} on are not in the volume");
        }

        long offset = _layout.ClusterOffset(first);
        long length = Math.Min(count * _layout.ClusterSize, Math.Max(0, _volume.Length - offset));
        return new(
            length > 0 ? [new(0, offset, length)] : [],
            length < count * _layout.ClusterSize
                ? $"the {count} clusters from {first} on go on behind the end of the image"
                : null);
    }

    /// <summary>Number of free clusters; reads the whole FAT.</summary>
    public uint CountFree()
    {
        byte[] rented = ArrayPool<byte>.Shared.Rent(WindowLength);
        try
        {
            Span<byte> window = rented.AsSpan(0, WindowLength);
            long windowOffset = -1;
            uint free = 0;
            for (uint i = 0; i < _layout.ClusterCount; i++)
            {
                free += Read(i + ClusterLayout.FirstCluster, window, ref windowOffset) == 0 ? 1u : 0u;
            }

            return free;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private ClusterChain ReadChain(uint first, long maxClusters, bool mustEnd, Span<byte> window)
    {
        List<ClusterRun> runs = [];
        long windowOffset = -1;
        long length = 0;
        uint cluster = first;

        // Brent's cycle detection: the mark moves to the current cluster whenever the count reaches a power of two.
        uint mark = 0;
        long markCount = 0;
        for (long count = 0; count < maxClusters;)
        {
            if (!_layout.IsCluster(cluster))
            {
                return new([.. runs], $"cluster {cluster} in the chain from {first} is none of the volume");
            }

            long offset = _layout.ClusterOffset(cluster);
            long rest = Math.Min(_layout.ClusterSize, _volume.Length - offset);
            if (rest > 0)
            {
                if (runs.Count > 0 && runs[^1].VolumeOffset + runs[^1].Length == offset)
                {
                    runs[^1] = runs[^1] with { Length = runs[^1].Length + rest };
                }
                else if (runs.Count == MaxRuns)
                {
                    return new([.. runs], $"the chain from cluster {first} has more than {MaxRuns} fragments");
                }
                else
                {
                    runs.Add(new(length, offset, rest));
                }

                length += rest;
            }

            if (rest < _layout.ClusterSize)
            {
                return new([.. runs], $"cluster {cluster} lies behind the end of the image");
            }

            if (++count == Math.Max(1, 2 * markCount))
            {
                mark = cluster;
                markCount = count;
            }

            uint next = Read(cluster, window, ref windowOffset);
            if (next >= EndOfChain)
            {
                return count < maxClusters && !mustEnd
                    ? new([.. runs], $"the chain from cluster {first} ends after {count} of {maxClusters} clusters")
                    : new([.. runs], null);
            }

            if (next == mark)
            {
                long distinct = CountDistinct(first, count + 1 - markCount, window, ref windowOffset);
                return new(
                    Cut(runs, distinct * _layout.ClusterSize),
                    $"the chain from cluster {first} comes back to itself after {distinct} clusters");
            }

            cluster = next;
        }

        return new([.. runs], mustEnd ? $"the chain from cluster {first} is too long" : null);
    }

    // Clusters of a chain with a cycle of the length given before the first one comes again: two walkers that are one
    // cycle apart meet where it begins.
    private long CountDistinct(uint first, long cycle, Span<byte> window, ref long windowOffset)
    {
        uint ahead = first;
        for (long i = 0; i < cycle; i++)
        {
            ahead = Read(ahead, window, ref windowOffset);
        }

        long count = cycle;
        for (uint behind = first; behind != ahead; count++)
        {
            behind = Read(behind, window, ref windowOffset);
            ahead = Read(ahead, window, ref windowOffset);
        }

        return count;
    }

    private static ClusterRun[] Cut(List<ClusterRun> runs, long length)
    {
        int last = runs.FindIndex(run => run.End >= length);
        runs[last] = runs[last] with { Length = length - runs[last].Offset };
        return [.. runs[..(last + 1)]];
    }

    private uint Read(uint cluster, Span<byte> window, ref long windowOffset)
    {
        // Half a window at a time, so that an entry never sticks out.
        long offset = EntryOffset(cluster);
        long wanted = offset - (offset % (WindowLength / 2));
        if (windowOffset != wanted)
        {
            int count = (int)Math.Min(WindowLength, _layout.FatLength - wanted);
            _volume.Read(_layout.FatOffset + wanted, window[..count]);
            window[count..].Clear();
            windowOffset = wanted;
        }

        return Parse(window[(int)(offset - wanted)..], cluster);
    }

    private long EntryOffset(uint cluster) => _layout.EntryBits switch
    {
        12 => (long)cluster + (cluster / 2),
        16 => cluster * 2L,
        _ => cluster * 4L,
    };

    private uint Parse(ReadOnlySpan<byte> raw, uint cluster) => _layout.EntryBits switch
    {
        12 when (cluster & 1) == 0 => BinaryPrimitives.ReadUInt16LittleEndian(raw) & 0xfffu,
        12 => (uint)BinaryPrimitives.ReadUInt16LittleEndian(raw) >> 4,
        16 => BinaryPrimitives.ReadUInt16LittleEndian(raw),
        28 => BinaryPrimitives.ReadUInt32LittleEndian(raw) & 0x0fffffff,
        _ => BinaryPrimitives.ReadUInt32LittleEndian(raw),
    };
}
