using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Imaged.Blocks;
using Imaged.Formats.Model;

namespace Imaged.Formats.Udf;

/// <summary>The partitions of a volume and the reads in them. Thread-safe once built.</summary>
internal sealed class UdfVolume : IDisposable
{
    /// <summary>Most partition descriptors and maps of a volume.</summary>
    public const int MaxPartitions = 16;

    // Directories and ICBs stand close together: one read of the host serves many.
    private const int MetadataChunk = 32768;

    // An ICB of strategy 4096 grows by one entry for each change of the file.
    private const int MaxIcbHops = 1024;

    private readonly CachedSource _cached;

    /// <summary>A volume without partitions.</summary>
    /// <param name="source">Stays the caller's.</param>
    /// <param name="sequence">What the volume says about itself.</param>
    /// <param name="cache">For directories and ICBs.</param>
    public UdfVolume(BlockSource source, UdfSequence sequence, BlockCache cache)
    {
        Source = source;
        Sequence = sequence;
        BlockSize = sequence.BlockSize;
        _cached = new CachedSource(source, cache, MetadataChunk);
    }

    /// <summary>The bytes of the volume.</summary>
    public BlockSource Source { get; }

    /// <summary>What the volume says about itself.</summary>
    public UdfSequence Sequence { get; }

    /// <summary>Block size in bytes.</summary>
    public int BlockSize { get; }

    /// <summary>How many virtual allocation tables to go back from the newest one.</summary>
    public int TableAge { get; init; }

    /// <summary>Number of virtual allocation tables that lead to each other; 0 when there is no virtual
    /// partition.</summary>
    public int TableCount { get; set; }

    /// <summary>The partitions by their references; filled by <see cref="UdfPartitionMaps"/>.</summary>
    public List<UdfPartition> Partitions { get; } = [];

    /// <summary>Fills <paramref name="destination"/> from a partition.</summary>
    /// <param name="partition">Partition reference.</param>
    /// <param name="position">Byte offset in the partition.</param>
    /// <param name="destination">Where to.</param>
    /// <param name="metadata">Whether it is worth keeping in the cache.</param>
    public void Read(ushort partition, long position, Span<byte> destination, bool metadata)
    {
        UdfPartition map = Partition(partition);
        if (map.Mirror is null)
        {
            Read(map, partition, position, destination, metadata);
            return;
        }

        try
        {
            Read(map, partition, position, destination, metadata);
        }
        catch (IOException)
        {
            Read(map.Mirror, partition, position, destination, metadata);
        }
    }

    /// <summary>Reads a descriptor that fills a block, from the mirror if need be.</summary>
    /// <param name="address">Where.</param>
    /// <param name="block">A block's bytes.</param>
    /// <returns>Its tag, found to be right.</returns>
    public UdfTag ReadDescriptor(UdfAddress address, Span<byte> block)
    {
        UdfPartition map = Partition(address.Partition);
        long position = (long)address.Block * BlockSize;
        UdfTag tag = default;
        try
        {
            Read(map, address.Partition, position, block, metadata: true);
            if (UdfTag.TryParse(block, out tag) && tag.Covers(block))
            {
                return tag;
            }
        }
        catch (IOException) when (map.Mirror is not null)
        {
            // The mirror may be readable.
        }

        if (map.Mirror is { } mirror)
        {
            Read(mirror, address.Partition, position, block, metadata: true);
            if (UdfTag.TryParse(block, out tag) && tag.Covers(block))
            {
                return tag;
            }
        }

        return Throw<UdfTag>(
            address, tag == default ? "there is no descriptor here" : "the CRC of the descriptor is wrong");
    }

    /// <summary>Reads the entry of a node.</summary>
    /// <param name="address">Where its ICB begins.</param>
    /// <param name="block">Becomes the block that the entry is in.</param>
    public UdfIcb ReadIcb(UdfAddress address, Span<byte> block)
    {
        HashSet<UdfAddress>? visited = null;
        for (int hop = 0; hop < MaxIcbHops; hop++)
        {
            UdfTag tag = ReadDescriptor(address, block);
            if (tag.Id != UdfTagId.IndirectEntry && !UdfIcb.IsEntry(tag.Id))
            {
                Throw(address, $"tag {(int)tag.Id} is not that of a file entry");
            }

            int strategy = BinaryPrimitives.ReadUInt16LittleEndian(block[20..]);
            UdfLongAd next = default;
            if (tag.Id == UdfTagId.IndirectEntry)
            {
                next = UdfLongAd.Parse(block[36..]);
            }
            else if (strategy == 4096)
            {
                next = FindNewerEntry(address);
            }
            else if (strategy != 4)
            {
                UnsupportedFeatureException.Throw(UdfFileSystem.Id, $"ICB strategy type {strategy}");
            }

            if (next.Length == 0)
            {
                return UdfIcb.Parse(block, address, this);
            }

            visited ??= [address];
            address = next.Address;
            if (!visited.Add(address))
            {
                Throw(address, "the chain of ICBs loops");
            }
        }

        return Throw<UdfIcb>(address, $"the chain of ICBs has more than {MaxIcbHops} entries");
    }

    /// <summary>Says what is wrong at a block of a partition.</summary>
    [DoesNotReturn]
    public void Throw(UdfAddress address, string message)
    {
        long offset = address.Partition < Partitions.Count
            && Partitions[address.Partition].TryMap(address.Block, out long block, out _) ? block * BlockSize : 0;
        ImageFormatException.Throw(
            UdfFileSystem.Id, offset, $"partition {address.Partition}, block {address.Block}: {message}");
    }

    /// <summary>As the other one, for expressions.</summary>
    [DoesNotReturn]
    public T Throw<T>(UdfAddress address, string message)
    {
        Throw(address, message);
        return default;
    }

    /// <inheritdoc/>
    public void Dispose() => _cached.Dispose();

    private UdfPartition Partition(ushort reference)
    {
        if (reference >= Partitions.Count)
        {
            Throw(new(reference, 0), $"there are {Partitions.Count} partitions only");
        }

        UdfPartition partition = Partitions[reference];
        if (partition is UdfUnknownPartition)
        {
            UnsupportedFeatureException.Throw(UdfFileSystem.Id, $"the type of partition map {reference}");
        }

        return partition;
    }

    private void Read(UdfPartition map, ushort reference, long position, Span<byte> destination, bool metadata)
    {
        while (!destination.IsEmpty)
        {
            long block = position / BlockSize;
            int inside = (int)(position % BlockSize);
            long physical = 0;
            uint run = 0;
            if (block > uint.MaxValue || !map.TryMap((uint)block, out physical, out run))
            {
                Throw(new(reference, (uint)Math.Min(block, uint.MaxValue)), "the partition has no such block");
            }

            int count = (int)Math.Min(destination.Length, ((long)run * BlockSize) - inside);
            long offset = (physical * BlockSize) + inside;
            if (offset > Source.Length - count)
            {
                Throw(new(reference, (uint)block), $"{count} bytes lie behind the end of the volume");
            }

            ReadSource(offset, destination[..count], metadata);
            destination = destination[count..];
            position += count;
        }
    }

    private void ReadSource(long offset, Span<byte> destination, bool metadata)
    {
        if (!metadata)
        {
            Source.Read(offset, destination);
            return;
        }

        try
        {
            _cached.Read(offset, destination);
        }
        catch (IOException)
        {
            // The whole chunk failed; a bad sector in it costs no more than itself.
            Source.Read(offset, destination);
        }
    }

    // Strategy 4096 (ECMA-167 4/A.5.3, UDF 6.6): the block behind an entry points to the next one, if there is one.
    private UdfLongAd FindNewerEntry(UdfAddress address)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BlockSize);
        try
        {
            Span<byte> block = buffer.AsSpan(0, BlockSize);
            Read(address.Partition, ((long)address.Block + 1) * BlockSize, block, metadata: true);
            return UdfTag.TryParse(block, out UdfTag tag) && tag.Covers(block) && tag.Id == UdfTagId.IndirectEntry
                ? UdfLongAd.Parse(block[36..])
                : default;
        }
        catch (ImageFormatException)
        {
            // The entry stands in the last block: nothing is behind it.
            return default;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
